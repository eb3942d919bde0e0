/**
 * The flags that Node gets in the image. Most of what the operator allocates dies at once (requests, parsed answers), and
 * Node's default lets such garbage pile up to 16 MiB and more three times over before it looks; 2 MiB cost little CPU.
 */
export const nodeFlags: readonly string[] = ['--max-semi-space-size=2', '--max-old-space-size=256'];
