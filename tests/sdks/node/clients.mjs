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
import pop from '@alicloud/pop-core';
import createLogtoConnector from '@logto/connector-aliyun-sms';

import { Emulator } from './emulator.mjs';

const VERSION = '2017-05-25';
const TEA = 'node @alicloud/dysmsapi20170525';
const POP = 'node @alicloud/pop-core';
const LOGTO = 'node @logto/connector-aliyun-sms';

const plain = new Emulator(process.env.EMULATOR_URL);
const secure = new Emulator(process.env.EMULATOR_TLS_URL);

// Set while every client has to draw one and the same nonce.
let fixedNonce;

// The generated method of an action, as an application calls it.
const teaGenerated = (algorithm) => (emulator) => async (action, params, key) => {
  const product = dysms[`${action}Request`] ? dysms : dypns;
  const client = new product.default(teaConfig(emulator, key, algorithm));
  const Request = product[`${action}Request`];
  const names = Object.entries(Request.names());
  const request = new Request(
    Object.fromEntries(names.map(([field, wire]) => [field, params[wire]])),
  );
  const method = action[0].toLowerCase() + action.slice(1);
  return told(async () => (await client[method](request)).body.toMap());
};

// `callApi`, for what the generated methods never do: GET, a JSON body.
const teaGeneric = (method, bodyType = 'formData') => (emulator) => async (action, params, key) => {
  const inBody = bodyType === 'json';
  const request = new $OpenApiUtil.OpenApiRequest(
    inBody ? { body: params } : { query: OpenApiUtil.query(params) },
  );
  const shape = new $OpenApiUtil.Params({
    action,
    version: VERSION,
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

const popCore = (method) => (emulator) => async (action, params, key) => {
  const client = new pop.RPCClient({
    endpoint: emulator.url,
    apiVersion: VERSION,
    accessKeyId: key.id,
    accessKeySecret: key.secret,
    securityToken: key.token,
    opts: { agent: false },
  });
  // Its own counter makes each nonce new; a parameter overrides it.
  const all = fixedNonce ? { ...params, SignatureNonce: fixedNonce } : params;
  return told(() => client.request(action, all, { method }));
};

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
