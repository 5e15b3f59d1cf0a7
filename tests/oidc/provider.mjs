// The OpenID Connect provider of the tests: oidc-provider, as it is on npm. Anyone signs in by any name;
// PEOPLE says what is claimed of whom. Prints its address once it listens.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const people = JSON.parse(process.env.PEOPLE);
const server = createServer();
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: "lead-capture",
    client_secret: process.env.CLIENT_SECRET,
    redirect_uris: [process.env.CALLBACK],
    id_token_signed_response_alg: process.env.ALGORITHM,
  }],
  claims: { openid: ["sub", "roles"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: process.env.USER_INFO === "yes", // "yes": the ID token has nothing but the subject
  cookies: { keys: ["of the tests"] },
  findAccount: (_context, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  pkce: { required: () => true },
});
server.on("request", provider.callback());
console.log(issuer);
