// Names that nobody else will use. `crypto.randomUUID` is missing over plain http on a LAN.
export const freshId = (): string => {
  const random = crypto.getRandomValues(new Uint32Array(3));
  return Array.from(random, (word) => word.toString(36)).join("");
};
