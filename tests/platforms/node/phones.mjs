// The numbers of the tests, and what arrived on them.

const EMULATOR = process.env.EMULATOR_URL.replace(/\/$/, '');

let last = 0;

// A number that no other case has. The Python driver has others.
export const fresh = () => {
  last += 1;
  return `+861380013${String(2000 + last)}`;
};

// What arrived on a phone, newest first.
export const inbox = async (to) => {
  const answer = await fetch(`${EMULATOR}/_emulator/messages?to=${encodeURIComponent(to)}`);
  if (!answer.ok) throw new Error(`the emulator answered ${answer.status}`);
  return answer.json();
};

// The code in the newest message.
export const codeOn = async (to) => {
  const [message] = await inbox(to);
  if (!message) throw new Error('nothing arrived');
  const param = message.template_param;
  return (typeof param === 'string' ? JSON.parse(param) : param).code;
};

// A code that is certainly not this one.
export const wrong = (code) => `${code[0] === '9' ? '1' : '9'}${code.slice(1)}`;
