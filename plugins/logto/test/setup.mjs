// What the tests share: the emulators, a core with our connector, one with the
// official one, and a configuration both take.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Emulator } from './emulator.mjs';
import { connectorsFolder, Core, packages } from './instance.mjs';

export const emulator = new Emulator(process.env.EMULATOR_URL);
export const secure = new Emulator(process.env.EMULATOR_TLS_URL);

export const SIGN = '阿里云短信测试';
export const OVERSEAS = 'SMS_154950910';
export const CHINA = {
  SignIn: 'SMS_154950901',
  Register: 'SMS_154950902',
  ForgotPassword: 'SMS_154950903',
  Generic: 'SMS_154950904',
};

export const templates = Object.entries(CHINA).map(([usageType, china]) => ({
  usageType,
  templateCode: { china, overseas: OVERSEAS },
}));

// The four templates, each one plain string.
export const plainTemplates = Object.entries(CHINA).map(([usageType, templateCode]) => ({ usageType, templateCode }));

// What an operator of the official connector has in the database.
export const officialConfig = (changes = {}) => ({
  accessKeyId: 'testid',
  accessKeySecret: 'testsecretAbCdEf',
  signName: SIGN,
  templates,
  ...changes,
});

// The same, for ours, led to the emulator.
export const configOf = (changes = {}) => officialConfig({ endpoint: emulator.url, ...changes });

export const ourFolder = connectorsFolder('connectors', [{ from: packages.ours, as: 'sesame' }]);
export const officialFolder = connectorsFolder('connectors-official', [
  { from: packages.official, as: '@logto-connector-aliyun-sms' },
]);

const cores = new Set();

export const startCore = async (folder, options) => {
  const core = await Core.start(folder, options);
  cores.add(core);
  return core;
};

export const stopCore = async (core) => {
  cores.delete(core);
  return core.stop();
};

export const stopAll = () => Promise.all([...cores].map(stopCore));

export const ours = await startCore(ourFolder);

// The official connector has one fixed address; a module loaded before it stands
// in for the network.
const playAliyun = new URL('play-aliyun.mjs', import.meta.url).href;
export const startOfficial = () =>
  startCore(officialFolder, {
    env: { EMULATOR_TLS_URL: secure.url, NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS },
    node: ['--import', playAliyun],
    searched: false,
  });
export const official = await startOfficial();

export const here = path.dirname(fileURLToPath(import.meta.url));

export const CHINESE = '8613800138000';
export const HONG_KONG = '85268326366';
export const AMERICAN = '14155552671';
