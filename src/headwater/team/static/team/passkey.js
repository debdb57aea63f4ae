// Passkeys: <button data-passkey="get|create" data-options="address" data-failed data-missing> in a form with an input
// named "answer". The device is asked first; what it answers goes along when the form is sent with this button.
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const named = (list) => (list ?? []).map((each) => ({ ...each, id: bytes(each.id) }));

async function ask(kind, options) {
  const publicKey = { ...options, challenge: bytes(options.challenge) };
  if (kind === "get") {
    publicKey.allowCredentials = named(options.allowCredentials);
    return navigator.credentials.get({ publicKey });
  }
  publicKey.user = { ...options.user, id: bytes(options.user.id) };
  publicKey.excludeCredentials = named(options.excludeCredentials);
  return navigator.credentials.create({ publicKey });
}

function written(credential) {
  const { response } = credential;
  const said = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    said.attestationObject = text(response.attestationObject);
    said.transports = response.getTransports?.() ?? [];
  } else {
    said.authenticatorData = text(response.authenticatorData);
    said.signature = text(response.signature);
    if (response.userHandle) said.userHandle = text(response.userHandle);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response: said });
}

async function show(button) {
  const { form } = button;
  const says = form.querySelector("[data-passkey-says]");
  const say = (words) => {
    says.textContent = words;
    says.hidden = !words;
  };
  say("");
  if (!window.PublicKeyCredential) return say(button.dataset.missing);
  button.disabled = true;
  try {
    const given = await fetch(button.dataset.options, { method: "POST", body: new FormData(form) });
    const options = await given.json();
    if (!given.ok) return location.assign(options.go_to);
    form.elements.answer.value = written(await ask(button.dataset.passkey, options));
    button.disabled = false;
    form.requestSubmit(button);
  } catch {
    say(button.dataset.failed);
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-passkey]");
  if (!button || button.form.elements.answer.value) return;
  event.preventDefault();
  if (button.formNoValidate || button.form.reportValidity()) show(button);
});
window.addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("input[name=answer]")) field.value = "";
});
