import { describe, expect, it } from '@jest/globals';
import { redactedPath, redactedUrl } from './url-redaction.js';

describe('the path of a span', () => {
  it.each([
    ['/api/v1/users/ana@lumen.example', '/api/v1/users/*'],
    ['/api/v1/users/ana%40lumen.example/groups', '/api/v1/users/*/groups'],
    ['/api/v1/users/ana', '/api/v1/users/*'],
    ['/api/v1/users?search=profile.login%20eq%20%22ops%22', '/api/v1/users'],
    ['/api/now/v2/table/sys_user?sysparm_query=email=ana@lumen.example', '/api/now/v2/table/sys_user'],
    ['/users?query=ana%40lumen.example', '/users'],
    ['/api/v2/device/n5SUKe8CNTRL/attributes', '/api/v2/device/*/attributes'],
    ['/api/v2/tailnet/-/devices', '/api/v2/tailnet/*/devices'],
    ['/ccx/service/customreport2/lumen/isu_iris/Iris_Worker', '/ccx/service/customreport2/*/*/*'],
    ['/ccx/api/staffing/v7/lumen/workers/3aa5550b7fe348b98d7b5741afc65534', '/ccx/api/staffing/v7/lumen/workers/*'],
    ['/oauth2/v1/token', '/oauth2/v1/token'],
    ['/oauth_token.do', '/*'],
    ['/ext/aperture/pre_request?key=s3cret', '/ext/aperture/pre_request'],
    ['/', '/'],
    ['', ''],
  ])('%s is %s', (path, expected) => {
    expect(redactedPath(path)).toBe(expected);
  });

  it('has neither the user of the URL nor its query', () => {
    expect(redactedUrl('https://iris:s3cret@acme.okta.com', '/api/v1/users/ana@x.y?limit=2')).toEqual({
      'url.full': 'https://acme.okta.com/api/v1/users/*',
      'url.path': '/api/v1/users/*',
    });
  });

  it('is all that is left of an origin that cannot be read', () => {
    expect(redactedUrl('not a url', '/users')).toEqual({ 'url.full': '/users', 'url.path': '/users' });
  });
});
