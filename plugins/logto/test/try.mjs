// Loads a connector as it was packed, and sends through it: a quick proof that
// its addon runs on the Node and the C library this is started with.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { ConnectorError } from '@logto/connector-kit';
import { ZodError } from 'zod';

const file = path.join(process.argv[2], 'lib/index.js');
const { default: createConnector } = await import(pathToFileURL(file));

const answers = [
  { Code: 'OK', Message: 'OK', RequestId: 'REQ-1', BizId: 'BIZ-1' },
  { Code: 'isv.AMOUNT_NOT_ENOUGH', Message: '', RequestId: 'REQ-2' },
];
const aliyun = createServer((request, response) => {
  request.resume().on('end', () => response.end(JSON.stringify(answers.shift())));
});
await once(aliyun.listen(0, '127.0.0.1'), 'listening');

const config = {
  accessKeyId: 'testid',
  accessKeySecret: 'testsecret',
  signName: '阿里云短信测试',
  templates: [{ usageType: 'Generic', templateCode: 'SMS_154950909' }],
  endpoint: `http://127.0.0.1:${aliyun.address().port}`,
};
const { configGuard, sendMessage } = { ...(await createConnector({ getConfig: async () => config })) };
assert.equal(configGuard.safeParse(config).success, true);
assert.ok(configGuard.safeParse({}).error instanceof ZodError);

const message = { to: '8613800138000', type: 'SignIn', payload: { code: '123456' } };
const sent = await sendMessage(message);
assert.equal(sent.bizId, 'BIZ-1');
await assert.rejects(sendMessage(message), (error) => {
  return error instanceof ConnectorError && error.code === 'usage_limit_exceeded';
});
aliyun.close();
aliyun.closeAllConnections();

const { glibcVersionRuntime } = process.report.getReport().header;
const libc = glibcVersionRuntime ? `glibc ${glibcVersionRuntime}` : 'musl';
console.log(`ran on Node ${process.version} and ${libc}, ${process.arch}`);
