// What no configuration, message or part of one should be, by name.

export const garbage = () => {
  const cyclic = { accessKeyId: 'x' };
  cyclic.self = cyclic;
  const throwing = Object.defineProperty({}, 'accessKeyId', {
    enumerable: true,
    get() {
      throw new TypeError('no');
    },
  });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  return {
    undefined: undefined,
    null: null,
    true: true,
    zero: 0,
    minus: -1,
    NaN,
    Infinity,
    huge: 1e308,
    bigint: 2n ** 200n,
    symbol: Symbol('s'),
    function: () => {},
    'empty text': '',
    text: 'text',
    'a lone surrogate': '\ud800',
    'a NUL': 'a\0b',
    'a megabyte': 'x'.repeat(1 << 20),
    'a megabyte of digits': '1'.repeat(1 << 20),
    'half a megabyte of 汉': '汉'.repeat(1 << 19),
    'an empty list': [],
    'a list of holes': new Array(3),
    'a long list': Array.from({ length: 50_000 }, (_, n) => n),
    'a long list of templates': Array.from({ length: 10_000 }, () => ({ usageType: 'SignIn', templateCode: 'SMS_1' })),
    'an empty object': {},
    'nothing inherited': Object.create(null),
    __proto__: null,
    'a key __proto__': JSON.parse('{"__proto__": {"accessKeyId": "x"}, "constructor": 1, "toString": 2}'),
    'an object of 10,000 keys': Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`key${n}`, n])),
    'deep lists': nested(20_000, (inner) => [inner]),
    'deep objects': nested(20_000, (inner) => ({ templates: inner })),
    cyclic,
    'a getter that throws': throwing,
    'a revoked proxy': revoked.proxy,
    'a toJSON that throws': { toJSON() { throw new RangeError('no'); } },
    'a toJSON that is no function': { toJSON: 1 },
    'a toJSON that gives undefined': { toJSON: () => undefined },
    'a date': new Date(NaN),
    'a regular expression': /a/,
    'a map': new Map([['accessKeyId', 'x']]),
    'a buffer': Buffer.alloc(1 << 16),
    'a promise': Promise.resolve({}),
    'a class': class {},
    'an error': new Error('e'),
    'an unknown reference': { env: 'SESAME_TEST_NOT_SET' },
    'a reference to a file': { file: '/proc/self/mem' },
    'a reference to a folder': { file: '/' },
  };
};

const nested = (depth, wrap) => {
  let value = 1;
  for (let n = 0; n < depth; n += 1) value = wrap(value);
  return value;
};
