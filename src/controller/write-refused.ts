/** The API server did not take a write of a Secret. The pass is made again, backing off. */
export class WriteRefused extends Error {
  readonly code = 'WriteRefused';
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.name = 'WriteRefused';
    this.status = status;
  }
}

/** A message of the API server as a sentence for people. */
export const sentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`;
