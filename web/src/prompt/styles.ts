// Pieces of prompt kept under a name.

// How the gallery is asked for pictures made with a style: its words as one phrase; of a style with
// {prompt} in its middle the longer end. Empty for a style without words.
export const searchForStyle = (prompt: string): string => {
  const [longest = ""] = prompt
    .split("{prompt}")
    .map((end) => end.replace(/^[\s,，]+|[\s,，]+$/g, "").replaceAll('"', " "))
    .sort((a, b) => b.length - a.length);
  return longest ? `"${longest}"` : "";
};
