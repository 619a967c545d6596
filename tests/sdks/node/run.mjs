// Runs Alibaba's Node clients against the emulator at `EMULATOR_URL`, and Logto's
// connector against the one at `EMULATOR_TLS_URL`.

import { casesOf } from './cases.mjs';
import { ways } from './clients.mjs';

const started = performance.now();
let passed = 0;
let failed = 0;

for (const way of ways) {
  for (const [name, run] of casesOf(way)) {
    try {
      await way.emulator.reset();
      await run(way);
      passed += 1;
      console.log(`ok     ${way.name}: ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${way.name}: ${name}: ${error.message}`);
    }
  }
}

console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
