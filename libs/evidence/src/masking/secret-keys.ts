/** Parts of a key that make its value a secret, in the key without case and separators. */
const SECRET_PARTS =
  /password|passwd|passphrase|passcode|secret(?!ar(?:y|ia))|apikey|accesskey|privatekey|sharedkey|accountkey|signingkey|encryptionkey|masterkey|sshkey|hostkey|deploykey|licensekey|credential|authorization|authtoken|accesstoken|refreshtoken|idtoken|sessiontoken|bearertoken|usertoken|bottoken|sessionid|sessionkey|cookie|connectionstring|connstr|databaseurl|dbpass|userpass|cardnumber|creditcard|nationalid|socialsecurity|taxid|passport|salary|compensation|mnemonic|seedphrase|recoverycode|backupcode|onetimecode|securitycode|signature|webhookurl/;

/** Words that make a key's value a secret when they stand by themselves. */
const SECRET_WORDS: ReadonlySet<string> = new Set([
  ...['pass', 'pwd', 'pw', 'pswd', 'psw', 'token', 'tokens', 'jwt', 'jwe', 'dsn', 'ssn', 'sin', 'nino', 'pesel'],
  ...['pin', 'cvv', 'cvc', 'cvv2', 'otp', 'totp', 'session', 'creds', 'cred', 'iban', 'pan', 'sas', 'pat', 'hmac'],
]);

/** Last words that make a key speak about a secret instead of holding one: `token_type`, `secretName`. */
const ABOUT_WORDS: ReadonlySet<string> = new Set([
  ...['count', 'counts', 'limit', 'limits', 'length', 'size', 'type', 'name', 'ttl', 'expiry', 'expires', 'expiration'],
  ...['policy', 'required', 'budget', 'usage', 'rotation', 'enabled', 'timeout', 'version', 'format', 'algorithm'],
]);

const MAX_KEY = 200;

/** The words of a key: `dbPassword`, `DB_PASSWORD` and `db-password` are db, password. */
function wordsOf(key: string): string[] {
  return key
    .slice(0, MAX_KEY)
    .normalize('NFKC')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/**
 * Whether the value below a key is a secret by the key's name, in any spelling.
 *
 * @param extra further patterns, tried on the key as it stands
 */
export function isSecretKey(key: string, extra: readonly RegExp[]): boolean {
  if (key.startsWith('[masked')) return false;
  if (extra.some((pattern) => pattern.test(key))) return true;
  const words = wordsOf(key);
  const last = words.at(-1);
  if (last === undefined || ABOUT_WORDS.has(last)) return false;
  return words.some((word) => SECRET_WORDS.has(word)) || SECRET_PARTS.test(words.join(''));
}

/** Whether a number below a key counts things (`max_tokens: 4096`) instead of being a secret (`pin: 1234`). */
export function countsThings(key: string): boolean {
  const words = wordsOf(key);
  return words.at(-1) === 'tokens' || (words.includes('tokens') && !SECRET_PARTS.test(words.join('')));
}
