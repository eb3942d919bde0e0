import { request } from 'undici';

export interface Page {
  readonly status: number;
  readonly text: string;
  readonly location: string | undefined;
}

/** Somebody with a browser that has no scripts: keeps cookies, sends forms as browsers do, and follows nothing by itself. */
export interface Person {
  readonly cookies: Map<string, string>;
  /** The header. */
  cookie(): string;
  get(path: string): Promise<Page>;
  post(path: string, fields?: Readonly<Record<string, string>>): Promise<Page>;
  /** Sends the form of the page that was got last whose action ends so. */
  submit(action: string, fields?: Readonly<Record<string, string>>): Promise<Page>;
}

/** `origin` is where paths lead; a whole URL leads where it says. */
export function openPerson(origin: string): Person {
  const cookies = new Map<string, string>();
  let shown = '';
  const cookie = () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const send = async (
    path: string,
    method: 'GET' | 'POST',
    headers: Readonly<Record<string, string>>,
    body?: string,
  ) => {
    const url = new URL(path, origin);
    const ours = url.origin === origin;
    const answer = await request(url, {
      method,
      headers: { accept: 'text/html', ...(ours && { cookie: cookie() }), ...headers },
      ...(body !== undefined && { body }),
    });
    const set = [answer.headers['set-cookie'] ?? []].flat();
    for (const line of ours ? set : []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    shown = await answer.body.text();
    const { location } = answer.headers;
    return { status: answer.statusCode, text: shown, location: [location].flat()[0] };
  };
  const post: Person['post'] = (path, fields = {}) =>
    send(
      path,
      'POST',
      { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      new URLSearchParams(fields).toString(),
    );
  return {
    cookies,
    cookie,
    get: (path) => send(path, 'GET', {}),
    post,
    submit(action, fields = {}) {
      const forms = [...shown.matchAll(/<form method="post" action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/g)];
      const [, to = '', body = ''] = forms.find(([, where]) => where?.endsWith(action)) ?? [];
      if (to === '') throw new Error(`no form leads to ${action}`);
      const hidden = [...body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
      return post(to, { ...Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value])), ...fields });
    },
  };
}
