"use strict";
// Passkeys: the device creates one, or signs in with one. Without a script, or without WebAuthn, the forms stay hidden.
const bytesOf = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const ways = {
  async create(options) {
    options.challenge = bytesOf(options.challenge);
    options.user.id = bytesOf(options.user.id);
    options.excludeCredentials = (options.excludeCredentials ?? []).map((one) => ({ ...one, id: bytesOf(one.id) }));
    const { id, type, rawId, response } = await navigator.credentials.create({ publicKey: options });
    const { attestationObject, clientDataJSON } = response;
    return {
      id, type, rawId: textOf(rawId),
      response: { attestationObject: textOf(attestationObject), clientDataJSON: textOf(clientDataJSON) },
    };
  },
  async get(options) {
    options.challenge = bytesOf(options.challenge);
    const { id, type, rawId, response } = await navigator.credentials.get({ publicKey: options });
    const { authenticatorData, clientDataJSON, signature, userHandle } = response;
    return {
      id, type, rawId: textOf(rawId),
      response: {
        authenticatorData: textOf(authenticatorData), clientDataJSON: textOf(clientDataJSON),
        signature: textOf(signature), userHandle: userHandle && textOf(userHandle),
      },
    };
  },
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = form.querySelector("[role=alert]");
    problem.hidden = true;
    try {
      const answer = await fetch(form.dataset.options, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      const credential = await ways[form.dataset.passkey](await answer.json());
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch { // refused by the person or the device, or the session is over
      problem.hidden = false;
    }
  });
}
