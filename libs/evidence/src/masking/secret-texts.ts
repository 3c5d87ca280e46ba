import validator from 'validator';

/** A form of secret inside a text. */
export interface TextRule {
  /** Replaces the secret in the text. */
  readonly name: string;
  /** Global. Where it has a group named `secret`, only the group is replaced. */
  readonly pattern: RegExp;
  /** Whether a find is one; absent when the pattern is proof enough. */
  readonly holds?: (text: string) => boolean;
  /** A find counts only in the same line (or its continuation) as one of these words, at most so many characters after it. */
  readonly after?: { readonly word: RegExp; readonly withinCharacters: number };
}

/** The end of a name that states that its value is secret. What is before it in the name does not matter. */
const SECRET_NAME =
  '(?:passw(?:or)?d|passphrase|passcode|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|account[_-]?key|shared[_-]?key|credential|connection[_-]?string)s?';
const QUOTE = '(?:\\\\*["\'`])';
/** A value: quoted until its quote, else until a blank or a separator. Never a mark of this module. */
const VALUE =
  '(?!\\\\*["\'`]?\\[masked)(?:\\\\*"(?<q1>[^"\\\\\\n]{1,})|\\\\*\'(?<q2>[^\'\\\\\\n]{1,})|\\\\*`(?<q3>[^`\\\\\\n]{1,})|(?<q4>[^\\s"\'`,;&|<>()\\[\\]{}\\\\]{3,}))';

/** Texts that are written `name = secret`, `name: secret` or `--name secret`; the value is replaced. */
const ASSIGNMENTS: readonly RegExp[] = [
  new RegExp(`${SECRET_NAME}${QUOTE}?\\s{0,4}(?:=>?|:=?)\\s{0,4}${VALUE}`, 'gi'),
  new RegExp(`${SECRET_NAME}(?:=|\\s{1,4})(?<=(?<![\\w-])--?[\\w.-]{1,100}(?:=|\\s{1,4}))${VALUE}`, 'gi'),
  new RegExp(`\\b(?:identified\\s{1,4}by|(?:encrypted\\s{1,4})?password)\\s{1,4}(?=\\\\*['"])${VALUE}`, 'gi'),
  new RegExp(`\\bsshpass\\s{1,4}-p\\s{0,4}${VALUE}`, 'gi'),
];

/** Shorter texts hold no find of these rules: `pwd=abc` is the shortest. In characters. */
export const SHORTEST_FIND = 7;

/** Forms of secrets and of personal numbers, wherever they are in a text. The order matters: the widest first. */
export const TEXT_RULES: readonly TextRule[] = [
  {
    name: 'private key',
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)/g,
  },
  { name: 'private key', pattern: /\bAGE-SECRET-KEY-1[A-Z0-9]{20,}/g },
  { name: 'jwt', pattern: /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g },
  { name: 'url credentials', pattern: /(?<=:\/\/)[^\s/:@"'[]*:(?!\[masked)[^\s/@"']+(?=@)/g },
  {
    name: 'webhook',
    pattern: /(?<=hooks\.slack\.com\/(?:services|workflows)\/|discord(?:app)?\.com\/api\/webhooks\/)[\w/-]{10,}/g,
  },
  {
    name: 'authorization',
    pattern:
      /\bauthorization\\*["']?\s{0,4}[:=]\s{0,4}\\*["']?(?!(?:[a-z-]{3,12}\s{1,4})?\[masked)(?:[a-z-]{3,12}\s{1,4})?(?<secret>[\w.~+/=:-]{6,})/gi,
  },
  {
    name: 'authorization',
    pattern:
      /\b(?:[Bb]earer|BEARER|[Bb]asic|BASIC|SSWS|[Ss]plunk|[Dd]igest|[Nn]egotiate)\s{1,4}(?!\[masked)(?=[\w.~+/:-]*[\dA-Z=+/])(?<secret>[\w.~+/=:-]{8,})/g,
  },
  { name: 'authorization', pattern: /\btoken\s{0,4}token=(?!\[masked)(?<secret>[\w.~+/=-]{6,})/gi },
  {
    name: 'token',
    pattern:
      /(?<![\w-])(?:sk-|(?:sk|pk|rk)_(?:live|test)_|whsec_|gh[opusr]_|github_pat_|gl(?:pat|dt|rt|ptt|soat)-|xox[abeposr]-|xapp-|tskey-|pypi-|do[opr]_v1_|shp(?:at|ss|ca|pa)_|lin_api_|PMAK-|AT(?:ATT|CTT)3|sq0(?:atp|csp)-|sntry[su]_|sbp_|glsa_|pscale_(?:tkn|pw|oauth)_|hv[sbr]\.|dp\.(?:pt|st|ct|scim|audit)\.|figd_|ph[cx]_|sgp_|nvapi-|FlyV1 )(?=[\w.+/=-]*\d)[\w.+/=-]{12,}/g,
  },
  {
    name: 'token',
    pattern:
      /(?<![\w-])(?:(?:hf|npm|ntn|secret|rubygems|r8|gsk|xai|pdus|glc|key|pat|CFPAT|NRAK|NRAL|EZAK)[-_+](?=[A-Za-z0-9]*\d)[A-Za-z0-9]{20,}|hf_[A-Za-z]{30,})(?![\w-])/g,
  },
  {
    name: 'token',
    pattern: /(?<![\w-])(?:dapi[0-9a-f]{32}|SG\.[\w-]{16,}\.[\w-]{16,}|ya29\.[\w-]{16,}|AIza[\w-]{35})/g,
  },
  { name: 'token', pattern: /(?<![\w-])(?:SK|AC)[0-9a-f]{32}(?![\w-])/g },
  { name: 'token', pattern: /(?<!\w)\d{8,10}:AA[\w-]{33}(?![\w-])/g },
  { name: 'aws key', pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g },
  {
    name: 'signature',
    pattern: /(?<=[?&](?:sig|signature|x-amz-signature|x-goog-signature)=)(?!\[masked)[\w%+/=-]{16,}/gi,
  },
  ...ASSIGNMENTS.map((pattern) => ({ name: 'value', pattern })),
  {
    name: 'command line',
    pattern: /(?<=\s(?:-u|--user)[ =]?)["']?[^\s"':[]+:[^\s"']+/g,
    after: { word: /\b(?:curl|wget|http)\b/g, withinCharacters: 400 },
  },
  {
    name: 'command line',
    pattern: /(?<=\s-p)[^\s"'[-][^\s"']*/g,
    after: { word: /\b(?:mysql|mysqldump|mysqladmin|mariadb)\b/g, withinCharacters: 200 },
  },
  { name: 'card', pattern: /(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)/g, holds: isCard },
  {
    name: 'iban',
    pattern: /(?<![\w-])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![\w-])/g,
    holds: (text) => validator.isIBAN(text),
  },
  { name: 'national id', pattern: /(?<![\w-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])/g },
  {
    name: 'national id',
    pattern:
      /(?<![\w-])(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![\w-])/g,
  },
  identity(/(?<![\w-])(?:\d{8}|[XYZ]\d{7})[A-Z](?![\w-])/g, 'ES'),
  identity(/(?<![\w-])\d{6}[-+A]\d{3}[0-9A-Y](?![\w-])/g, 'FI'),
  identity(/(?<![\w-])\d{17}[\dX](?![\w-])/g, 'zh-CN'),
  {
    name: 'national id',
    pattern: /(?<![\w-])\d{4} \d{4} \d{4}(?![\w-]| \d)/g,
    holds: (text) => validator.isIdentityCard(text.replaceAll(' ', ''), 'IN'),
  },
  {
    name: 'national id',
    pattern: /(?<![\w-])[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z](?![\w-])/g,
    holds: (text) => validator.isTaxID(text, 'it-IT'),
  },
  {
    name: 'national id',
    pattern: /(?<![\w-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])/g,
    holds: (text) => validator.isTaxID(text, 'pt-BR'),
  },
];

function identity(pattern: RegExp, locale: validator.IdentityCardLocale): TextRule {
  return { name: 'national id', pattern, holds: (text) => validator.isIdentityCard(text, locale) };
}

/** A number of an issuer of cards whose check digit is right. */
function isCard(text: string): boolean {
  return validator.isCreditCard(text.replace(/[ -]/g, ''));
}
