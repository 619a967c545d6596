// Loaded before Logto's connector (`node --import`): connections to Aliyun's one
// fixed address end at the emulator on this machine instead. The name the client
// asks for, and its check of the certificate, stay as they are.

import tls from 'node:tls';

const aliyun = 'dysmsapi.aliyuncs.com';
const emulator = new URL(process.env.EMULATOR_TLS_URL);
const connect = tls.connect;

tls.connect = (...args) => {
  const [options] = args;
  if (typeof options === 'object' && options.host === aliyun) {
    args[0] = { ...options, host: emulator.hostname, port: Number(emulator.port) };
  }
  return connect(...args);
};
