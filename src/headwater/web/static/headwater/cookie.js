// Small choices of one person on one device, kept where the server sees them too.

export function remember(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

export function recall(name) {
  const found = document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`));
  return found ? found[1] : "";
}
