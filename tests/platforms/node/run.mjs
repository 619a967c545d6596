// Runs the clients of platforms and applications against the server at
// `SERVER_URL`, with the emulator at `EMULATOR_URL` behind it.

import * as betterAuth from './better-auth.mjs';
import * as logto from './logto.mjs';
import * as supabase from './supabase.mjs';
import * as twilio from './twilio.mjs';

// Twilio's first: one of its cases waits for a code to end, and what it waits for
// begins with the others.
const suites = { twilio, logto, supabase, 'better-auth': betterAuth };

let passed = 0;
let failed = 0;

const attempt = async (name, run) => {
  try {
    await run();
    passed += 1;
    console.log(`ok     node ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED node ${name}: ${error.stack ?? error}`);
  }
};

const endings = [];
for (const [name, suite] of Object.entries(suites)) {
  for (const [title, run] of Object.entries(suite.cases)) {
    await attempt(`${name}: ${title}`, async () => {
      const atTheEnd = await run();
      if (atTheEnd) endings.push([`${name}: ${title}, at the end`, atTheEnd]);
    });
  }
}
for (const [name, run] of endings) await attempt(name, run);

console.log(`node: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
