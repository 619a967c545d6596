// What Logto's core does with connectors, as far as a connector can tell: which
// folders it takes for packages, how it loads them, and how it sends and answers.
//
// It runs in `packages/core` of an instance (`instance.mjs`), so that what it
// imports is what a connector below it gets when it imports the same.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { ConnectorError, ConnectorErrorCodes, ConnectorType, connectorMetadataGuard, validateConfig } from '@logto/connector-kit';
import semver from 'semver';
import { ZodError } from 'zod';

const KIT = '@logto/connector-kit';
const kitVersion = createRequire(import.meta.url)(`${KIT}/package.json`).version;

const notImplemented = () => {
  throw new ConnectorError(ConnectorErrorCodes.NotImplemented);
};

// Methods that a connector need not have.
const defaultConnectorMethods = {
  getAuthorizationUri: notImplemented,
  getUserInfo: notImplemented,
  sendMessage: notImplemented,
};

// The folders that hold a connector, by the name in their package.json.
export const connectorPackages = (dir) =>
  readdirSync(dir)
    .map((entry) => path.join(dir, entry))
    .filter((folder) => existsSync(path.join(folder, 'package.json')))
    .map((folder) => ({ path: folder, name: readPackage(folder).name }))
    .filter(({ name }) => typeof name === 'string' && isConnectorName(name));

const isConnectorName = (name) =>
  name.startsWith('connector-') || Boolean(name.split('/')[1]?.startsWith('connector-'));

const readPackage = (folder) => JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));

// All connectors of a folder. `skipped` says why others were left out.
export const loadFactories = async (dir) => {
  const skipped = [];
  const loading = connectorPackages(dir).map(async ({ path: folder, name }) => {
    try {
      const createConnector = await loadCreateConnector(folder);
      const raw = await createConnector({ getConfig: notImplemented });
      checkModule(raw);
      const metadata = await parseMetadata(raw.metadata, folder);
      return { createConnector, folder, metadata, type: raw.type };
    } catch (error) {
      // What is no Error takes the whole start down.
      if (!(error instanceof Error)) throw error;
      skipped.push({ name, message: error.message });
      return undefined;
    }
  });
  const factories = (await Promise.all(loading)).filter(Boolean);
  const ids = factories.map(({ metadata }) => metadata.id);
  const double = ids.find((id, at) => ids.indexOf(id) !== at);
  if (double) throw new Error(`Found multiple connector factories (with id ${double}), you may uninstall unnecessary ones.`);
  return { factories, skipped };
};

const loadCreateConnector = async (folder) => {
  checkKitRange(readPackage(folder).dependencies?.[KIT]);
  const loaded = await import(pathToFileURL(path.join(folder, 'lib/index.js')).href);
  const found = typeof loaded.default === 'function' ? loaded.default : loaded.default?.default;
  if (typeof found === 'function') return found;
  throw new Error(`Cannot load connector from ${folder}, the connector package may be broken.`);
};

const checkKitRange = (range) => {
  if (typeof range !== 'string') throw new Error(`Cannot find ${KIT} in connector's dependency`);
  if (range.startsWith('workspace:') || semver.satisfies(kitVersion, range)) return;
  throw new Error(`Connector requires ${KIT} to be ${range}, but the version here is ${kitVersion}.`);
};

const checkModule = ({ metadata, configGuard, type }) => {
  if (!metadata) throw new ConnectorError(ConnectorErrorCodes.InvalidMetadata);
  if (!configGuard) throw new ConnectorError(ConnectorErrorCodes.InvalidConfigGuard);
  if (!Object.values(ConnectorType).includes(type)) {
    throw new ConnectorError(ConnectorErrorCodes.UnexpectedType);
  }
};

const parseMetadata = async (metadata, folder) => {
  const inline = async (name, type) => {
    const file = name && !name.startsWith('http') && path.join(folder, name);
    if (!file || !existsSync(file)) return name;
    if (type === 'text') return readFile(file, 'utf8');
    const kind = file.endsWith('.png') ? 'png' : 'svg+xml';
    return `data:image/${kind};base64,${(await readFile(file)).toString('base64')}`;
  };
  const parsed = {
    ...metadata,
    logo: await inline(metadata.logo, 'image'),
    logoDark: metadata.logoDark && (await inline(metadata.logoDark, 'image')),
    readme: await inline(metadata.readme, 'text'),
    configTemplate: metadata.configTemplate && (await inline(metadata.configTemplate, 'text')),
  };
  // Every answer that shows a connector passes through this.
  return connectorMetadataGuard.parse(parsed);
};

// A connector of a row in the database, made anew for every use.
export const buildConnector = async (factory, getConfig = notImplemented) => {
  const raw = await factory.createConnector({ getConfig });
  checkModule(raw);
  const metadata = await parseMetadata(raw.metadata, factory.folder);
  return { ...defaultConnectorMethods, ...raw, metadata };
};

// What a client of Logto's API gets for an error that leaves a connector.
export const answerTo = (error) => {
  if (!(error instanceof ConnectorError)) {
    if (error instanceof SyntaxError) return { status: 400, body: { message: error.message } };
    return { status: 500, body: { message: 'Internal server error.' } };
  }
  const body = { code: `connector.${error.code}`, data: error.data };
  if (error.data instanceof ZodError) body.details = error.data.issues.map(({ message }) => message).join('\n');
  return { status: statusOf(error.code), body };
};

// The newest codes are not in every release of the kit, so all stand by name.
const statusOf = (code) => {
  if (['rate_limit_exceeded', 'usage_limit_exceeded'].includes(code)) return 429;
  if (code === 'authorization_failed' || code.startsWith('social_')) return 401;
  return code === 'not_implemented' ? 501 : 400;
};

// Sends as the core does: the connector is made for it, and its method is taken
// off and called bare. With `inputConfig` it is the route that tests a connector.
export const send = async (factory, { data, config, inputConfig }, readConfig = async () => config) => {
  const { sendMessage } = await buildConnector(factory, inputConfig ? undefined : readConfig);
  return inputConfig ? sendMessage(data, config) : sendMessage(data);
};

// What saving a configuration runs.
export const checkConfig = async (factory, config) => {
  const { configGuard } = await buildConnector(factory);
  validateConfig(config, configGuard);
};
