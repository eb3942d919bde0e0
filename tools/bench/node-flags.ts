/**
 * The flags that Node gets in the image. Most of what the operator allocates dies at once (requests, parsed answers), and
 * Node's default lets such garbage pile up to 16 MiB and more three times over before it looks; 4 MiB cost little CPU.
 * With `--expose-gc` the operator compacts its heap when it is idle. What Node does of its own for that is off: it collects
 * anew after every few minutes of rest, which is half of what an idle operator costs and finds nothing.
 */
export const nodeFlags: readonly string[] = [
  '--max-semi-space-size=4',
  '--max-old-space-size=256',
  '--no-memory-reducer',
  '--expose-gc',
];

/**
 * The environment that Node gets there. glibc gives every thread an arena of its own to allocate from, and keeps what is
 * freed in each; two arenas make 10 MiB less. From 64 KiB on, which is what Node reads from a socket at a time, memory goes
 * back to the system when it is freed: glibc would raise that limit by itself to whatever was freed once, and what was read
 * would leave holes in its arenas. `compileCache` is a folder that `warmCompileCache` has filled.
 */
export const nodeEnvironment = (compileCache: string): Readonly<Record<string, string>> => ({
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '65536',
  NODE_COMPILE_CACHE: compileCache,
});
