/** Longest topic in bytes of UTF-8 (MQTT 3.1.1 1.5.3). */
const LONGEST = 65535;

/** True when it is neither empty nor too long, and without a null character. */
export function fitsTopic(topic: string): boolean {
  return topic.length > 0 && !topic.includes('\0') && Buffer.byteLength(topic) <= LONGEST;
}

/** True when a message can be published on it: not empty, no wildcards (MQTT-4.7.1-1, MQTT-4.7.3-1). */
export function isPublishTopic(topic: string): boolean {
  return fitsTopic(topic) && !/[+#]/.test(topic);
}

/** True when it can be subscribed to: `+` fills a whole level, `#` the whole last level (MQTT-4.7.1-2, MQTT-4.7.1-3). */
export function isTopicFilter(filter: string): boolean {
  if (!fitsTopic(filter)) {
    return false;
  }
  const levels = filter.split('/');
  return levels.every((level, index) => {
    if (level.includes('#')) {
      return level === '#' && index === levels.length - 1;
    }
    return level === '+' || !level.includes('+');
  });
}

/** True when a topic is one that a filter means. Wildcards at the start leave out `$` topics (MQTT-4.7.2-1). */
export function topicMatches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) {
    return false;
  }
  const wanted = filter.split('/');
  const levels = topic.split('/');
  for (let index = 0; index < wanted.length; index++) {
    if (wanted[index] === '#') {
      return true;
    }
    if (index >= levels.length || (wanted[index] !== '+' && wanted[index] !== levels[index])) {
      return false;
    }
  }
  return wanted.length === levels.length;
}
