/*
 * Compiled code for the bench: fills a buffer from a seed, sorts it, turns it into text, searches and reverses the text, and returns a
 * checksum. It needs nothing from outside, so that the same bytes run on every contender.
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

static void fill(u32 *words, u64 count, u64 seed) {
  u64 x = seed | 1;
  for (u64 i = 0; i < count; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    words[i] = (u32)(x >> 16);
  }
}

static void sort(u32 *words, u64 count) {
  for (u64 gap = count / 2; gap > 0; gap /= 2) {
    for (u64 i = gap; i < count; i++) {
      u32 word = words[i];
      u64 j = i;
      for (; j >= gap && words[j - gap] > word; j -= gap) words[j] = words[j - gap];
      words[j] = word;
    }
  }
}

static u64 length(const u8 *text) {
  u64 n = 0;
  while (text[n] != 0) n++;
  return n;
}

static long find(const u8 *text, u8 letter) {
  for (long i = 0; text[i] != 0; i++)
    if (text[i] == letter) return i;
  return -1;
}

static void reverse(u8 *text, u64 n) {
  for (u64 i = 0; i < n / 2; i++) {
    u8 other = text[n - 1 - i];
    text[n - 1 - i] = text[i];
    text[i] = other;
  }
}

static u32 checksum(const u8 *bytes, u64 count) {
  u32 a = 1, b = 0;
  for (u64 i = 0; i < count; i++) {
    a = (a + bytes[i]) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

/* The first function of the object. `size`: bytes of the buffer, a multiple of 8. */
__attribute__((section(".text.entry"))) u64 work(u8 *buffer, u64 seed, u64 size) {
  fill((u32 *)buffer, size / 4, seed);
  sort((u32 *)buffer, size / 4);
  u64 sum = checksum(buffer, size);
  for (u64 i = 0; i + 1 < size; i++) buffer[i] = (u8)('a' + buffer[i] % 26);
  buffer[size - 1] = 0;
  u64 n = length(buffer);
  long z = find(buffer, 'z');
  reverse(buffer, n);
  return sum << 32 ^ checksum(buffer, n) ^ n << 48 ^ (u64)z;
}
