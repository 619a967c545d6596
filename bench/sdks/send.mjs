// SendSms through Alibaba's Node SDK: reads how many calls to make, line by line,
// and prints CPU and memory per call for each. Run in the folder whose
// node_modules holds the SDK.
import { createRequire } from 'node:module';
import path from 'node:path';
import readline from 'node:readline';

const require = createRequire(path.join(process.cwd(), 'index.js'));
const { default: Client, SendSmsRequest } = require('@alicloud/dysmsapi20170525');
const { $OpenApiUtil, Config } = require('@alicloud/openapi-core');

const [address] = process.argv.slice(2);
const ConfigClass = Config ?? $OpenApiUtil.Config;
const client = new Client(
  new ConfigClass({ accessKeyId: 'testid', accessKeySecret: 'testsecret', endpoint: address, protocol: 'HTTP' }),
);

const send = async () => {
  const reply = await client.sendSms(
    new SendSmsRequest({
      phoneNumbers: '13800138000',
      signName: '阿里云短信测试',
      templateCode: 'SMS_154950909',
      templateParam: '{"code":"123456"}',
      outId: '0198c0de0198c0de0198c0de0198c0de',
    }),
  );
  if (reply.body.code !== 'OK') throw new Error(reply.body.code);
};

const repeat = async (times) => {
  let left = times;
  const worker = async () => {
    while (left-- > 0) await send();
  };
  await Promise.all(Array.from({ length: 16 }, worker));
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const calls = Number(line);
  await repeat(calls / 10);
  const cpuBefore = process.cpuUsage();
  const wallBefore = process.hrtime.bigint();
  await repeat(calls);
  const cpu = process.cpuUsage(cpuBefore);
  const wall = Number(process.hrtime.bigint() - wallBefore) / 1e3;
  console.log(
    JSON.stringify({
      cpu_micros: (cpu.user + cpu.system) / calls,
      wall_micros: wall / calls,
      peak_kib: process.resourceUsage().maxRSS,
    }),
  );
}
process.exit(0);
