// Compiles the native engine: src/engine/onednn/native/*.cc → src/engine/onednn/build/medrobust_onednn.node.
//
//   node script/build-native.js                 what can be built; says what was lost, and exits with 0
//   node script/build-native.js --require       exits with 1 where the engine or oneDNN is lost
//   node script/build-native.js --has-onednn    builds nothing; exits with 0 if oneDNN can be used
//
// With MEDROBUST_ONEDNN=no it is built without oneDNN, as where there is none.
//
// It needs a C++17 compiler ($CXX, c++, g++ or clang++), and uses oneDNN (under $DNNL_ROOT, or where the compiler
// looks) and OpenMP where they are. Only what changed is compiled again.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const engine = fileURLToPath(new URL('../src/engine/onednn/', import.meta.url));
const sources = join(engine, 'native');
const build = join(engine, 'build');
const target = join(build, 'medrobust_onednn.node');
const flags = process.argv.slice(2);
const jobs = 2;

const say = (text) => console.log(`native engine: ${text}`);

/** Ends the script where something is missing; without --require that is no failure. */
function lose(what, code = flags.includes('--require') ? 1 : 0) {
  say(what);
  process.exit(code);
}

function findCompiler() {
  const candidates = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  const works = (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0;
  return candidates.find(works);
}

/** Whether a small program compiles and links. */
function compiles(compiler, program, options) {
  const output = join(build, `probe-${process.pid}`);
  const { status } = spawnSync(compiler, ['-x', 'c++', '-std=c++17', '-', '-o', output, ...options], {
    input: program,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  rmSync(output, { force: true });
  return status === 0;
}

function findOneDnn(compiler) {
  if (process.env.MEDROBUST_ONEDNN === 'no') return undefined;
  const root = process.env.DNNL_ROOT;
  const folders = root ? ['lib', 'lib64'].map((name) => join(root, name)).filter(existsSync) : [];
  const options = {
    compile: root ? [`-I${join(root, 'include')}`] : [],
    link: [...folders.flatMap((folder) => [`-L${folder}`, `-Wl,-rpath,${folder}`]), '-ldnnl'],
  };
  const program = '#include <dnnl.hpp>\nint main() { return dnnl_version()->major < 2; }\n';
  return compiles(compiler, program, [...options.compile, ...options.link]) ? options : undefined;
}

function nodeApiHeaders() {
  try {
    const { include_dir: folder } = createRequire(import.meta.url)('node-api-headers');
    return folder;
  } catch {
    return undefined;
  }
}

/** What is compiled, with which options: shared code once, the loops once for every instruction set. */
function planObjects(options) {
  const files = (folder) => readdirSync(folder).filter((name) => name.endsWith('.cc'));
  const [loops, halfLoops] = [join(sources, 'loops'), join(sources, 'half')];
  // In the order of linking: baseline before AVX2 before AVX-512, see native/loops/isa.h.
  const sets = [{ name: 'baseline', options: ['-DMEDROBUST_ISA=baseline'] }];
  if (process.arch === 'x64')
    sets.push({ name: 'avx2', options: ['-DMEDROBUST_ISA=avx2', '-mavx2', '-mfma'] });
  const shared = files(sources).map((name) => ({ source: join(sources, name), name, options }));
  const variants = sets.flatMap((set) =>
    files(loops).map((name) => ({
      source: join(loops, name),
      name: `${set.name}-${name}`,
      // A square root may set errno, and comparisons may trap: both keep loops from being vectorised.
      options: [...options, ...set.options, '-fno-math-errno', '-fno-trapping-math'],
    })),
  );
  const wide = ['-mavx2', '-mfma', ...['f', 'bw', 'dq', 'vl'].map((part) => `-mavx512${part}`)];
  const halves = (process.arch === 'x64' ? files(halfLoops) : []).map((name) => ({
    source: join(halfLoops, name),
    name: `half-${name}`,
    options: [...options, ...wide, '-fno-math-errno', '-fno-trapping-math'],
  }));
  return [...shared, ...variants, ...halves].map((item) => ({
    ...item,
    object: join(build, item.name.replace(/\.cc$/, '.o')),
  }));
}

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newestHeader() {
  const headers = [sources, join(sources, 'loops'), join(sources, 'half')].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.h'))
      .map((name) => modified(join(folder, name))),
  );
  return Math.max(...headers);
}

function run(command, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, options, { stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} exited with ${code}`)),
    );
  });
}

/** Runs `task` for all items, a few at a time. */
async function forAll(items, task) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item; item = queue.shift()) await task(item);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

function sameAsBefore(settings) {
  const file = join(build, 'settings.json');
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return { unchanged: before === settings, remember: () => writeFileSync(file, settings) };
}

async function main() {
  const compiler = findCompiler();
  if (!compiler) {
    lose(
      'not built: no C++ compiler. Install one (apt-get install g++, dnf install gcc-c++, xcode-select --install).',
      flags.includes('--has-onednn') ? 1 : undefined,
    );
  }
  mkdirSync(build, { recursive: true });
  const oneDnn = findOneDnn(compiler);
  if (flags.includes('--has-onednn')) process.exit(oneDnn ? 0 : 1);
  const headers = nodeApiHeaders();
  if (!headers) lose('not built: the package node-api-headers is missing. Run npm install.');

  const parallel = compiles(
    compiler,
    '#include <omp.h>\nint main() { return omp_get_max_threads() < 1; }\n',
    ['-fopenmp'],
  );
  const openMp = parallel ? ['-fopenmp'] : [];
  const common = [
    '-O3',
    '-std=c++17',
    '-fPIC',
    '-fvisibility=hidden',
    '-Wall',
    '-Wextra',
    '-DNAPI_VERSION=8',
  ];
  common.push(`-I${headers}`, ...openMp, ...(oneDnn ? oneDnn.compile : ['-DMEDROBUST_NO_ONEDNN']));
  if (process.arch === 'x64') common.push('-DMEDROBUST_WITH_AVX2');
  const link = ['-shared', ...openMp, ...(oneDnn ? oneDnn.link : [])];
  if (process.platform === 'darwin') link.push('-undefined', 'dynamic_lookup');

  const settings = JSON.stringify({ compiler, common, link });
  const { unchanged, remember } = sameAsBefore(settings);
  const header = newestHeader();
  const objects = planObjects(common);
  const stale = objects.filter(
    ({ source, object }) => !unchanged || modified(object) < Math.max(header, modified(source)),
  );
  const lost = [
    ...(oneDnn ? [] : ['without oneDNN (apt-get install libdnnl-dev): convolutions are slower']),
    ...(parallel ? [] : ['without OpenMP: one core only']),
  ];
  const newest = Math.max(...objects.map(({ object }) => modified(object)));
  if (stale.length === 0 && modified(target) >= newest) {
    say(`up to date${lost.length > 0 ? `, ${lost.join('; ')}` : ''}`);
  } else {
    const started = Date.now();
    await forAll(stale, ({ source, object, options }) =>
      run(compiler, ['-c', source, '-o', object, ...options]),
    );
    // A process may have the old file open: it keeps it, and the next one gets the new one.
    rmSync(target, { force: true });
    await run(compiler, ['-o', target, ...objects.map(({ object }) => object), ...link]);
    remember();
    const seconds = ((Date.now() - started) / 1000).toFixed(0);
    say(`built ${stale.length} files in ${seconds} s${lost.length > 0 ? `, ${lost.join('; ')}` : ''}`);
  }
  if (lost.length > 0 && flags.includes('--require')) process.exit(1);
}

main().catch((error) => lose(`not built: ${error.message}`));
