// Runs all tests, one after the other: they share two emulators, at
// `EMULATOR_URL` and `EMULATOR_TLS_URL`, and the processes of two cores. Names
// of files choose some: `node run.mjs sending errors`.

const FILES = ['loading', 'sending', 'errors', 'config', 'operating', 'difference', 'endurance', 'silence'];

const wanted = process.argv.slice(2);
for (const name of FILES) {
  if (wanted.length === 0 || wanted.includes(name) || name === 'silence') await import(`./${name}.test.mjs`);
}
