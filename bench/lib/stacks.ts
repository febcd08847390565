/** Synthetic stacks: C++, Rust, modules without symbols, addresses, system frames at both ends. */

/** A seeded generator of numbers in [0, 1): xorshift32. */
export function random(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

const pick = <T>(from: readonly T[], next: () => number): T => from[Math.floor(next() * from.length)] as T;

const SPACES = [
  'app',
  'gfx::layers',
  'net',
  'ui::detail',
  'storage',
  'dom',
  'js::jit',
  'media::(anonymous namespace)',
];
const CLASSES = [
  'Widget',
  'Session',
  'RenderTarget<float, 4>',
  'Cache<std::pair<int, char*>>',
  'Decoder',
  'Thread',
];
const SYSTEM = [
  'memcpy',
  'malloc',
  'std::vector<int>::_M_realloc_insert<int&>(int&)',
  'RaiseException',
  'abort',
];

function makeFrame(i: number, next: () => number): string {
  const kind = next();
  const offset = `0x${Math.floor(next() * 2 ** 40)
    .toString(16)
    .padStart(16, '0')}`;
  if (kind < 0.6) {
    const args = 'int, std::basic_string<char, std::char_traits<char>> const&, void (*)(int)';
    const name = `${pick(SPACES, next)}::${pick(CLASSES, next)}::method${i}(${args}) const`;
    const file = `hg:hg.example.org/app:src/${i % 977}.cpp:0123456789ab`;
    return JSON.stringify({
      function: `static void* ${name}`,
      file,
      line: i % 5000,
      module: 'app.dll',
      offset,
    });
  }
  if (kind < 0.8) {
    const name = `<app::part${i}::Thing<T> as core::ops::Drop>::drop::h0123456789abcdef`;
    return JSON.stringify({
      function: name,
      file: `/rustc/x/src/${i % 977}.rs`,
      line: 3,
      module: 'app.dll',
      offset,
    });
  }
  if (kind < 0.9) return JSON.stringify({ function: null, file: null, module: `lib${i}.dll`, offset });
  if (kind < 0.95)
    return JSON.stringify({ function: `${pick(SYSTEM, next)}_${i}`, module: 'ntdll.dll', offset });
  return JSON.stringify({ module: null, offset });
}

/** `count` distinct frames as JSON, the most frequent first. */
export const makeFrames = (count: number, next: () => number): readonly string[] =>
  Array.from({ length: count }, (_, i) => makeFrame(i, next));

/** Draws stacks of 40 frames, as JSON of crash data; frame k comes with a chance of 1/k. */
export function stackMaker(frames: readonly string[], next: () => number): () => string {
  const sums: number[] = [];
  let sum = 0;
  for (let k = 1; k <= frames.length; k++) {
    sum += 1 / k;
    sums.push(sum);
  }
  const draw = (): string => {
    const wanted = next() * sum;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return frames[low] ?? '{}';
  };
  return () => {
    const threads = `[{"frames":[${Array.from({ length: 40 }, draw).join(',')}]}]`;
    return `{"crashing_thread":0,"os":"Windows NT","reason":"EXCEPTION_ACCESS_VIOLATION_READ","threads":${threads}}`;
  };
}
