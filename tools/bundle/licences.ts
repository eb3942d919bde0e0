import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { acceptedLicences } from './accepted-licences.ts';
import type { BundledPackage } from './packages.ts';

/**
 * The licence texts of the packages, for everyone who gets a copy of the bundle. Throws for a package whose licence is not
 * accepted, or that brings no text of it.
 */
export function licenceTexts(root: string, packages: readonly BundledPackage[]): string {
  const sections = packages.map((one) => section(root, one));
  return `This program holds code of the following packages.\n\n${sections.join('\n')}`;
}

function section(root: string, { name, version, licence, folder }: BundledPackage): string {
  if (licence === undefined || !acceptedLicences.has(licence)) {
    throw new Error(
      `${name} ${version} has the licence ${licence ?? 'none'}, which is not among those that are accepted`,
    );
  }
  const files = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(root, folder, file), 'utf8').trim());
  if (texts.length === 0) texts.push(withoutFile(root, folder, licence));
  return ['-'.repeat(80), `${name} ${version} (${licence})`, '', ...texts, ''].join('\n');
}

/** The MIT licence of a package that names it and its author, and does not spell it out. */
function withoutFile(root: string, folder: string, licence: string): string {
  const { author } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    author?: string | { readonly name?: string };
  };
  const holder = typeof author === 'string' ? author : author?.name;
  if (licence !== 'MIT' || holder === undefined) throw new Error(`${folder} brings no text of its licence ${licence}`);
  return `Copyright (c) ${holder}\n\n${mit}`;
}

/** https://spdx.org/licenses/MIT.html */
const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
