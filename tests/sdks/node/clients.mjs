// Alibaba's Node clients and Logto's connector, each way of calling them behind
// one face.
//
// A way is called with an action, its parameters under Aliyun's names, and a key;
// it tells what the client told its caller, in the shape in which
// `sdk-error-behaviour.json` lists it: `returned`, or `raised` and the fields of
// the error. To add a client, write one more function and list it in `ways`.

import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

import { $OpenApiUtil, OpenApiUtil } from '@alicloud/openapi-core';
import dypns from '@alicloud/dypnsapi20170525';
import dysms from '@alicloud/dysmsapi20170525';
import globe from '@alicloud/dysmsapi20180501';
import MnsClient from '@alicloud/mns';
import pop from '@alicloud/pop-core';
import createLogtoConnector from '@logto/connector-aliyun-sms';

import { Emulator } from './emulator.mjs';

// An action's product is the first that has it; of the fourth one only the
// action for the queues is called, by name.
const PRODUCTS = [
  { models: dysms, version: '2017-05-25' },
  { models: dypns, version: '2017-05-25' },
  { models: globe, version: '2018-05-01' },
];
const productOf = (action) => PRODUCTS.find(({ models }) => models[`${action}Request`]);
const versionOf = (action) => productOf(action)?.version ?? '2017-05-25';

const TEA = 'node @alicloud/dysmsapi20170525';
const POP = 'node @alicloud/pop-core';
const LOGTO = 'node @logto/connector-aliyun-sms';

const plain = new Emulator(process.env.EMULATOR_URL);
const secure = new Emulator(process.env.EMULATOR_TLS_URL);

// Set while every client has to draw one and the same nonce.
let fixedNonce;

// The generated method of an action, as an application calls it.
const teaGenerated = (algorithm) => (emulator) => async (action, params, key) => {
  if (!productOf(action)) return teaGeneric('POST')(emulator)(action, params, key);
  const { models } = productOf(action);
  const client = new models.default(teaConfig(emulator, key, algorithm));
  const Request = models[`${action}Request`];
  const request = modelOf(Request, params);
  const method = action[0].toLowerCase() + action.slice(1);
  return told(async () => (await client[method](request)).body.toMap());
};

// Parameters under Aliyun's names as the generated model of them.
const modelOf = (Model, params) => {
  const types = Model.types();
  const field = ([name, wire]) => {
    const Entry = types[name].itemType;
    const value = params[wire];
    const isList = Array.isArray(value) && Entry?.names;
    return [name, isList ? value.map((entry) => modelOf(Entry, entry)) : value];
  };
  return new Model(Object.fromEntries(Object.entries(Model.names()).map(field)));
};

// `callApi`, for what the generated methods never do: GET, a JSON body.
const teaGeneric = (method, bodyType = 'formData') => (emulator) => async (action, params, key) => {
  const inBody = bodyType === 'json';
  const request = new $OpenApiUtil.OpenApiRequest(
    inBody ? { body: flat(params) } : { query: OpenApiUtil.query(params) },
  );
  const shape = new $OpenApiUtil.Params({
    action,
    version: versionOf(action),
    protocol: 'HTTP',
    pathname: '/',
    method,
    authType: key ? 'AK' : 'Anonymous',
    style: 'RPC',
    reqBodyType: bodyType,
    bodyType: 'json',
  });
  const client = new dysms.default(teaConfig(emulator, key ?? { id: 'unused', secret: 'unused' }));
  return told(async () => (await client.callApi(shape, request, {})).body);
};

// Lists as a client that does not know them writes them: `Name.1.Field`.
const flat = (params) =>
  Object.fromEntries(
    Object.entries(params).flatMap(([name, value]) =>
      Array.isArray(value)
        ? value.flatMap((entry, at) =>
            Object.entries(entry).map(([field, text]) => [`${name}.${at + 1}.${field}`, text]),
          )
        : [[name, value]],
    ),
  );

const popCore = (method) => (emulator) => async (action, params, key) => {
  const client = new pop.RPCClient({
    endpoint: emulator.url,
    apiVersion: versionOf(action),
    accessKeyId: key.id,
    accessKeySecret: key.secret,
    securityToken: key.token,
    opts: { agent: false },
  });
  // Its own counter makes each nonce new; a parameter overrides it.
  const all = fixedNonce ? { ...params, SignatureNonce: fixedNonce } : params;
  return told(() => client.request(action, all, { method }));
};

// The message queues, through the client of Alibaba's queue product.
export const queues = (emulator, token) =>
  new MnsClient('1000000000000000', {
    endpoint: emulator.url,
    accessKeyId: token.AccessKeyId,
    accessKeySecret: token.AccessKeySecret,
    securityToken: token.SecurityToken,
  });

// The whole connector, as Logto calls it; `play-aliyun.mjs` stands in for the network.
const logto = () => async (_action, params, key) => {
  const templates = ['Register', 'SignIn', 'ForgotPassword', 'Generic'].map((usageType) => ({
    usageType,
    templateCode: params.TemplateCode,
  }));
  const config = {
    accessKeyId: key.id,
    accessKeySecret: key.secret,
    signName: params.SignName,
    templates,
  };
  const connector = await createLogtoConnector({ getConfig: async () => config });
  const payload = JSON.parse(params.TemplateParam);
  return told(async () => {
    const message = { to: params.PhoneNumbers, type: 'SignIn', payload };
    return (await connector.sendMessage(message)) === undefined ? 'nothing' : 'a value';
  });
};

// `generic`: the caller may add any parameter. `keyless`: it can call without a
// key. `whole`: a connector, which can only send one code to one number.
export const ways = [
  { name: 'tea, ACS3, POST', sdk: TEA, signature: 'acs3', client: teaGenerated() },
  { name: 'tea, ACS3, GET', sdk: TEA, signature: 'acs3', client: teaGeneric('GET'), generic: true, keyless: true },
  { name: 'tea, ACS3, JSON body', sdk: TEA, signature: 'acs3', client: teaGeneric('POST', 'json'), generic: true, keyless: true },
  { name: 'tea, ACS3, POST, TLS', sdk: TEA, signature: 'acs3', client: teaGenerated(), emulator: secure },
  { name: 'tea, RPC V1, POST', sdk: TEA, signature: 'rpc-v1', client: teaGenerated('v2') },
  { name: 'pop-core, RPC V1, GET', sdk: POP, signature: 'rpc-v1', client: popCore('GET'), generic: true },
  { name: 'pop-core, RPC V1, POST', sdk: POP, signature: 'rpc-v1', client: popCore('POST'), generic: true },
  { name: 'Logto connector', sdk: LOGTO, signature: 'rpc-v1', client: logto, emulator: secure, whole: true },
].map(({ client, emulator = plain, ...way }) => ({ ...way, emulator, call: client(emulator) }));

// While `run` runs, every client draws one and the same nonce.
export const withOneNonce = async (run) => {
  const { getNonce } = OpenApiUtil;
  const { randomUUID } = crypto;
  fixedNonce = randomUUID();
  OpenApiUtil.getNonce = () => fixedNonce;
  crypto.randomUUID = () => fixedNonce;
  syncBuiltinESMExports();
  try {
    return await run();
  } finally {
    fixedNonce = undefined;
    OpenApiUtil.getNonce = getNonce;
    crypto.randomUUID = randomUUID;
    syncBuiltinESMExports();
  }
};

const teaConfig = (emulator, key, signatureAlgorithm) =>
  new $OpenApiUtil.Config({
    accessKeyId: key.id,
    accessKeySecret: key.secret,
    securityToken: key.token,
    endpoint: emulator.authority,
    protocol: emulator.url.startsWith('https:') ? 'HTTPS' : 'HTTP',
    signatureAlgorithm,
  });

const REPORTED = [
  'name',
  'code',
  'message',
  'statusCode',
  'requestId',
  'accessDeniedDetail',
  'retryAfter',
  'data',
];

// Through JSON and back: one client answers with objects that have no prototype.
const told = async (call) => {
  try {
    return JSON.parse(JSON.stringify({ returned: await call() }));
  } catch (error) {
    const report = { raised: error.constructor.name };
    for (const field of REPORTED) report[field] = error[field];
    return JSON.parse(JSON.stringify(report));
  }
};
