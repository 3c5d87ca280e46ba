/** What the PDP is asked: the tool's name. It takes no empty action, so a nameless call has a name that no tool can have. */
export function actionOf({ name }: { readonly name: string }): string {
  return name === '' ? '(empty)' : name.toWellFormed();
}
