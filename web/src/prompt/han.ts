export const hasHan = (text: string): boolean => /\p{Script=Han}/u.test(text);
