// A program that uses the connector and that nobody ends: `endurance.test.mjs`
// looks at whether it ends.

import { loadFactories, send } from './core.mjs';

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
  case 'exit':
    for (let n = 0; n < 10; n += 1) send(factory, { data, config });
    await new Promise((resolve) => setTimeout(resolve, 300));
    say('leaving');
    process.exit(7);
}
