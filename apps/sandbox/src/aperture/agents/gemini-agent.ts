import { type Content, type GenerateContentResponse, GoogleGenAI, type Part } from '@google/genai';
import { type AgentTask, type Conversation } from './agent-loop.js';

const partsOf = (response: GenerateContentResponse): Part[] => response.candidates?.[0]?.content?.parts ?? [];

/** The Google GenAI SDK's side of an agent loop over the Gemini API. */
export function geminiConversation(task: AgentTask): Conversation {
  const client = new GoogleGenAI({
    apiKey: 'simulated-key',
    enterprise: false,
    httpOptions: { baseUrl: task.baseUrl, headers: task.headers },
  });
  const contents: Content[] = [{ role: 'user', parts: [{ text: task.prompt }] }];
  return {
    async next() {
      const request = {
        model: task.model ?? 'gemini-3-pro',
        contents,
        config: {
          tools: [
            {
              functionDeclarations: task.tools.map(({ name, description, parameters }) => ({
                name,
                description,
                parametersJsonSchema: parameters,
              })),
            },
          ],
          ...task.extra,
        },
      };
      const parts: Part[] = [];
      if (task.stream) {
        for await (const chunk of await client.models.generateContentStream(request)) parts.push(...partsOf(chunk));
      } else {
        parts.push(...partsOf(await client.models.generateContent(request)));
      }
      contents.push({ role: 'model', parts });
      return {
        text: parts.map(({ text, thought }) => (thought ? '' : (text ?? ''))).join(''),
        calls: parts.flatMap(({ functionCall }) =>
          functionCall ? [{ id: functionCall.id, name: functionCall.name ?? '', args: functionCall.args ?? {} }] : [],
        ),
      };
    },
    answer(calls, results) {
      contents.push({
        role: 'user',
        parts: calls.map(({ id, name }, at) => ({ functionResponse: { id, name, response: { output: results[at] } } })),
      });
    },
  };
}
