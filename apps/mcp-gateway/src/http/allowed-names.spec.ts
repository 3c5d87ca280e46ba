import { describe, expect, it } from '@jest/globals';
import { AllowedNames } from './allowed-names.js';

const names = new AllowedNames(['localhost', 'iris-mcp', '*.lumen.ts.net']);

describe('AllowedNames', () => {
  it.each([
    ['localhost:8082', true],
    ['iris-mcp', true],
    ['iris-mcp.lumen.ts.net', true],
    ['Iris-MCP.lumen.ts.net:443', true],
    ['lumen.ts.net', false],
    ['evil.example', false],
    ['lumen.ts.net.evil.example', false],
    ['evil.example/.lumen.ts.net', false],
    ['', false],
    [undefined, false],
  ])('host %s: %s', (host, expected) => {
    expect(names.allowsHost(host)).toBe(expected);
  });

  it.each([
    [undefined, true],
    ['http://localhost:3000', true],
    ['https://iris-mcp.lumen.ts.net', true],
    ['https://evil.example', false],
    ['null', false],
  ])('origin %s: %s', (origin, expected) => {
    expect(names.allowsOrigin(origin)).toBe(expected);
  });
});
