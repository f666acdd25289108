/**
 * A key and a self-signed certificate for `localhost` and 127.0.0.1, for tests alone: it protects
 * nothing. Made by
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 \
 *       -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1
 */

/** In the shape of `node:tls` options. */
export const certificate: { readonly key: string; readonly cert: string } = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTGfjqJEWVe3tJJaZ
cVOgNtNt4VvUX/ViJphj6uxjcQOhRANCAAQoPGgzQSKVzJ2TKSWa3ZdTg07Jq/AZ
X3xoZF/MPSmz6inQ8iQgSdRJ00TZtjuFsdC1jBC2fpIUJN/uzb5MfWhV
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUX5GDs9cX+hCW1XgxeEMsSIQBfgAwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzAwMTAxN1oYDzIxMjYxMDMw
MDAxMDE3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQoPGgzQSKVzJ2TKSWa3ZdTg07Jq/AZX3xoZF/MPSmz6inQ8iQgSdRJ
00TZtjuFsdC1jBC2fpIUJN/uzb5MfWhVo28wbTAdBgNVHQ4EFgQU31P54wuG1Le2
Xwh9RMEJJgNwrOswHwYDVR0jBBgwFoAU31P54wuG1Le2Xwh9RMEJJgNwrOswDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAKdlQmLBngjEy8sOkAkM+EKnuSfmC0ltOfq/I60KUsbbAiEA
z8z0r/8Hcf1KUOrkT4T2g7+igJQxw+mEManPjo1GqfY=
-----END CERTIFICATE-----
`,
}
