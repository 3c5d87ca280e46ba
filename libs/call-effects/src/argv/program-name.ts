/** The name of a program without its path; zsh takes `=psql` for the path of `psql`. */
export function programName(text: string): string {
  return text.slice(text.lastIndexOf('/') + 1).replace(/^=/, '');
}
