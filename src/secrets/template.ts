/** The text with its `{{name}}` replaced, or what is wrong with it as the end of a sentence. */
export type Filled = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string };

/**
 * Fills in a text of `spec.secret.template`: `{{name}}`, with or without space inside the braces, becomes the value as
 * it is; nothing is escaped. An empty value leaves nothing. Names that are not there, and every other tag of Mustache,
 * are refused: a Secret with a hole in it would be found by the workload, not by its author.
 */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): Filled {
  if (template.includes('{{{')) return { ok: false, why: 'has {{{; two braces are enough, for nothing is escaped' };
  const wrong: string[] = [];
  const text = template.replace(/\{\{([^{}]*)\}\}/g, (tag, inner: string) => {
    const name = inner.trim();
    if (Object.hasOwn(values, name)) return values[name] ?? '';
    wrong.push(tag.length > 40 ? `${tag.slice(0, 40)}…` : tag);
    return '';
  });
  if (wrong.length > 0) {
    const known = Object.keys(values).map((name) => `{{${name}}}`);
    return { ok: false, why: `has ${wrong.join(', ')}; what can be filled in is ${known.join(', ')}` };
  }
  if (template.replace(/\{\{[^{}]*\}\}/g, '').includes('{{')) {
    return { ok: false, why: 'has {{ without a name and }} after it' };
  }
  return { ok: true, text };
}
