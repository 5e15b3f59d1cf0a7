// What a script of one's own does: JSON by fetch, two leads at once.
const [, , address, token] = process.argv;
const leads = [
  { email: "ann@example.com", name: "Ann Lee", utm_source: "newsletter" },
  { email: "bob@example.com", name: "Bob Ray" },
];
const answer = await fetch(address, {
  method: "POST",
  headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
  body: JSON.stringify(leads),
});
console.log(answer.status, await answer.text());
