/** The metrics that an expression asks for: names that are neither functions, keywords nor labels. */
export function metricNames(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '""')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .replaceAll(/\{[^}]*\}/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ');
  return [...bare.matchAll(/(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\()\b/g)]
    .map(([name]) => name)
    .filter((name) => !/^(?:and|or|unless|offset|bool|by|on|\d.*)$/.test(name))
    .map((name) => name.replace(/_(?:bucket|sum|count)$/, ''));
}
