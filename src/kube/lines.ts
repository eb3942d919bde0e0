/**
 * Cuts a stream of bytes into lines and calls `onLine` for each that its newline has ended. What comes after the last
 * newline is never handed over: it is a line cut off midway.
 */
export function createLineReader(onLine: (line: string) => void): (chunk: Buffer) => void {
  let begun: Buffer[] = [];
  return (chunk) => {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      if (begun.length === 0) onLine(chunk.toString('utf8', from, at));
      else {
        begun.push(chunk.subarray(from, at));
        const line = Buffer.concat(begun).toString('utf8');
        begun = [];
        onLine(line);
      }
      from = at + 1;
    }
    // A copy, since the chunk may be a view of a larger buffer that would otherwise stay alive.
    if (from < chunk.length) begun.push(from === 0 ? chunk : Buffer.from(chunk.subarray(from)));
  };
}
