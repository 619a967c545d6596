// A program that uses the connector and that nobody ends: `endurance.test.mjs`
// looks at whether it ends.

import { execFileSync } from 'node:child_process';

import { buildConnector, loadFactories, send } from './core.mjs';

const [what, folder, json] = process.argv.slice(2);
const config = JSON.parse(json);
const { factories, skipped } = await loadFactories(folder);
if (factories.length !== 1) throw new Error(JSON.stringify(skipped));
const [factory] = factories;
const data = { to: '8613800138000', type: 'SignIn', payload: { code: '683725' } };
const say = (word) => process.stdout.write(word);

switch (what) {
  case 'load':
    say('loaded');
    break;
  case 'send':
    await send(factory, { data, config });
    say('sent');
    break;
  case 'pending':
    // Nobody waits for it here.
    send(factory, { data, config }).then(() => say('sent'));
    break;
  case 'refused':
    await send(factory, { data: { ...data, to: '12' }, config }).catch((error) => say(error.code));
    break;
  case 'mute': {
    console.warn = console.error = () => {
      throw new Error('no console');
    };
    const end = (changes) => send(factory, { data, config: { ...config, ...changes } }).then(() => 'sent', ({ code }) => code);
    const ends = [await end({ accessKeyId: 'nobody' }), await end({ comment: 'unknown' })];
    const { configGuard } = await buildConnector(factory);
    ends.push(configGuard.safeParse({ ...config, comment: 'another' }).success, await end({ endpoint: 'none' }));
    say(ends.join(' '));
    break;
  }
  case 'threadless': {
    // Root has no such limit.
    if (process.getuid() === 0) process.setgroups([]) ?? process.setgid(65534) ?? process.setuid(65534);
    execFileSync('prlimit', [`--pid=${process.pid}`, '--nproc=1:1']);
    await send(factory, { data, config }).catch(({ code }) => say(code));
    await new Promise((resolve) => setTimeout(resolve, 300));
    say(' alive');
    break;
  }
  case 'exit':
    for (let n = 0; n < 10; n += 1) send(factory, { data, config });
    await new Promise((resolve) => setTimeout(resolve, 300));
    say('leaving');
    process.exit(7);
}
