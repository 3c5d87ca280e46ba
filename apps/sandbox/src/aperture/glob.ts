/** A model glob: `*` stays inside one path segment, `**` crosses them, `?` is one character. */
export function globMatches(glob: string, text: string): boolean {
  const pattern = glob.replace(/\*\*|[*?]|[.+^${}()|[\]\\/]/g, (token) => {
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    return token === '?' ? '[^/]' : `\\${token}`;
  });
  return new RegExp(`^${pattern}$`, 's').test(text);
}
