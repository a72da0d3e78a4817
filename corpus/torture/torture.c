/*
 * What compilers make of ordinary C: recursion, switches, wide arithmetic, structures, varargs, function pointers, atomics. Every
 * function turns a seed into a number; the machine must come to the same numbers as the CPU. Freestanding, no floating point.
 *
 * torture(seed, which) runs function `which`; torture_count says how many there are.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long s64;
typedef unsigned __int128 u128;
typedef __int128 s128;
typedef __SIZE_TYPE__ size_t;
typedef u64 __attribute__((may_alias, aligned(1))) loose;

#define NOINLINE __attribute__((noinline))
#ifdef __clang__
#define PLAIN_LOOP
#else
/* Or the compiler would turn the loop of memcpy into a call of memcpy. */
#define PLAIN_LOOP __attribute__((optimize("no-tree-loop-distribute-patterns")))
#endif

PLAIN_LOOP void *memcpy(void *to, const void *from, size_t size) {
  u8 *t = to;
  const u8 *f = from;
  for (; size >= 8; size -= 8, t += 8, f += 8) *(loose *)t = *(const loose *)f;
  while (size-- > 0) *t++ = *f++;
  return to;
}

PLAIN_LOOP void *memmove(void *to, const void *from, size_t size) {
  u8 *t = to;
  const u8 *f = from;
  if (t < f)
    for (size_t i = 0; i < size; i++) t[i] = f[i];
  else
    while (size-- > 0) t[size] = f[size];
  return to;
}

PLAIN_LOOP void *memset(void *to, int value, size_t size) {
  u8 *t = to;
  for (size_t i = 0; i < size; i++) t[i] = (u8)value;
  return to;
}

PLAIN_LOOP int memcmp(const void *a, const void *b, size_t size) {
  const u8 *x = a, *y = b;
  for (size_t i = 0; i < size; i++)
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  return 0;
}

/* What gcc calls where the CPU may lack POPCNT; its library has them otherwise. */
int __popcountdi2(s64 value) {
  u64 v = (u64)value;
  v -= v >> 1 & 0x5555555555555555ul;
  v = (v & 0x3333333333333333ul) + (v >> 2 & 0x3333333333333333ul);
  v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0ful;
  return (int)(v * 0x0101010101010101ul >> 56);
}

int __paritydi2(s64 value) { return __popcountdi2(value) & 1; }

static u64 next(u64 *state) {
  u64 z = (*state += 0x9e3779b97f4a7c15ul);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ul;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebul;
  return z ^ (z >> 31);
}

static u64 mix(u64 hash, u64 value) {
  hash ^= value;
  hash *= 0x100000001b3ul;
  return hash ^ (hash >> 29);
}

/* --- recursion --- */

static NOINLINE u64 ackermann(u64 m, u64 n) {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

static NOINLINE int is_odd(u64 n);
static NOINLINE int is_even(u64 n) { return n == 0 ? 1 : is_odd(n - 1); }
static NOINLINE int is_odd(u64 n) { return n == 0 ? 0 : is_even(n - 1); }

static NOINLINE u64 hanoi(u64 n, u64 from, u64 to, u64 over, u64 hash) {
  if (n == 0) return hash;
  hash = hanoi(n - 1, from, over, to, hash);
  hash = mix(hash, from << 8 | to);
  return hanoi(n - 1, over, to, from, hash);
}

static u64 recursion(u64 seed) {
  u64 h = ackermann(2, seed & 3);
  h = mix(h, (u64)is_even(seed >> 8 & 63));
  return hanoi(3 + (seed >> 16 & 3), 1, 2, 3, h);
}

/* --- switches --- */

static NOINLINE u64 dense(u64 op, u64 a, u64 b) {
  switch (op) {
    case 0: return a + b;
    case 1: return a - b;
    case 2: return a * b;
    case 3: return a & ~b;
    case 4: return a | b << 1;
    case 5: return a ^ b;
    case 6: return a << (b & 63);
    case 7: return a >> (b & 63);
    case 8: return (u64)((s64)a >> (b & 63));
    case 9: return b ? a / b : 7;
    case 10: return b ? a % b : 9;
    case 11: return (u32)a * (u64)(u32)b;
    case 12: return a < b;
    case 13: return (u64)((s64)a < (s64)b) << 3;
    case 14: return ~a;
    case 15: return -b;
    default: return op;
  }
}

static NOINLINE u64 sparse(u32 value) {
  switch (value) {
    case 3: return 11;
    case 100: return 22;
    case 1000: return 33;
    case 65536: return 44;
    case 0x80000000u: return 55;
    case 0xfffffff0u ... 0xfffffffeu: return 66;
    case 0xffffffffu: return 77;
    case 40 ... 47: return value;
    default: return 88;
  }
}

static u64 switches(u64 seed) {
  static const u32 picks[8] = {3, 100, 1000, 65536, 0x80000000u, 0xfffffff7u, 0xffffffffu, 44};
  u64 s = seed, h = seed;
  for (int i = 0; i < 24; i++) {
    u64 op = next(&s) % 18;
    h = mix(h, dense(op, h, next(&s)));
    h = mix(h, sparse(s & 64 ? picks[s & 7] : (u32)(s >> 32)));
  }
  return h;
}

/* --- wide arithmetic --- */

/* The compiler's library has this one; freestanding code brings its own. */
static NOINLINE u128 divide(u128 a, u128 b, u128 *rest) {
  u128 quotient = 0, remainder = 0;
  for (int i = 127; i >= 0; i--) {
    remainder = remainder << 1 | (a >> i & 1);
    quotient <<= 1;
    if (remainder >= b) {
      remainder -= b;
      quotient |= 1;
    }
  }
  *rest = remainder;
  return quotient;
}

static u64 wide(u64 seed) {
  u64 s = seed, h = seed;
  u128 a = (u128)next(&s) << 64;
  a |= next(&s);
  s128 b = (s128)next(&s) << 63;
  b ^= (s128)next(&s);
  for (int i = 0; i < 8; i++) {
    unsigned n = (unsigned)(next(&s) & 127);
    a += (u128)b;
    b = (s128)((u128)b - a);
    a *= (u128)b | 1;
    a ^= a << n;
    b = b >> (n & 63);
    h = mix(h, (u64)(a >> 64) + (a < (u128)b) + 2 * ((s128)a < b));
    h = mix(h, (u64)a ^ (u64)(-(u128)b >> 64));
  }
  u128 rest;
  a = divide(a, (u128)b >> (s & 63) | 1, &rest);
  return mix(mix(h, (u64)a), (u64)(rest ^ rest >> 64));
}

static u64 high_parts(u64 seed) {
  u64 s = seed, h = seed;
  for (int i = 0; i < 16; i++) {
    u64 a = next(&s), b = next(&s);
    b >>= s & 31;
    h = mix(h, (u64)((u128)a * b >> 64));
    h = mix(h, (u64)((s128)(s64)a * (s64)b >> 64));
    h = mix(h, (u64)(u32)a * (u32)b >> 32);
    h = mix(h, (u64)((s64)(s32)a * (s32)b >> 32));
    h = mix(h, (u64)((s16)a * (s16)b) ^ (u64)((s8)a * (s8)b));
    s64 sum;
    u64 product;
    u64 carry = __builtin_add_overflow((s64)a, (s64)b, &sum);
    h = mix(h, carry + (u64)sum);
    carry = __builtin_mul_overflow(a, b, &product);
    h = mix(h, carry + product);
    u32 small;
    carry = __builtin_sub_overflow((u32)a, (u32)b, &small);
    h = mix(h, carry + small);
  }
  return h;
}

static u64 division(u64 seed) {
  u64 s = seed, h = seed;
  for (int i = 0; i < 12; i++) {
    u64 a = next(&s), b = next(&s);
    b >>= s & 63;
    u64 b64 = b ? b : 3;
    u32 b32 = (u32)b ? (u32)b : 5;
    u16 b16 = (u16)b ? (u16)b : 7;
    u8 b8 = (u8)b ? (u8)b : 9;
    h = mix(h, a / b64 + a % b64);
    h = mix(h, (u32)a / b32 ^ (u32)a % b32);
    h = mix(h, (u64)((u16)a / b16 + (u16)a % b16));
    h = mix(h, (u64)((u8)a / b8 + (u8)a % b8));
    s64 d = (s64)b64;
    if (!(d == -1 && a == 1ul << 63)) h = mix(h, (u64)((s64)a / d - (s64)a % d));
    s32 e = (s32)b32;
    if (!(e == -1 && (u32)a == 0x80000000u)) h = mix(h, (u64)((s32)a / e - (s32)a % e));
    h = mix(h, a / 10 + a % 1000 + (u64)((s64)a / -7) + (u64)((s32)a % 13) + (u32)a / 641);
  }
  return h;
}

/* --- bits --- */

static u64 bits(u64 seed) {
  u64 s = seed, h = seed;
  for (int i = 0; i < 12; i++) {
    u64 a = next(&s);
    u32 b = (u32)next(&s), n = (u32)(s & 31), m = (u32)(s >> 8 & 63);
    h = mix(h, (a << m | a >> (-m & 63)) + (a >> m | a << (-m & 63)));
    h = mix(h, (b << n | b >> (-n & 31)) ^ (b >> n | b << (-n & 31)));
    h = mix(h, (u64)(u16)((u16)b << 5 | (u16)b >> 11) + (u64)(u8)((u8)b >> 3 | (u8)b << 5));
    h = mix(h, (u64)__builtin_popcountl(a) + (u64)__builtin_popcount(b));
    h = mix(h, (u64)__builtin_clzl(a | 1) + (u64)__builtin_ctzl(a | 1ul << 63) + (u64)__builtin_clz(b | 1) * 64);
    h = mix(h, (u64)__builtin_ffsl((s64)(a & a >> 3)) + (u64)__builtin_parityl(a) * 128);
    h = mix(h, __builtin_bswap64(a) ^ __builtin_bswap32(b) ^ __builtin_bswap16((u16)b));
    h = mix(h, (a & -a) + (a & (a - 1)) + (a ^ (a - 1)) + (~a & b));
    h = mix(h, (a >> (b & 63) & 1) + (a | 1ul << n) + (a & ~(1ul << m)) + (a ^ 1ul << (m ^ 1)));
    h = mix(h, a >> 7 & ((1ul << (n + 1)) - 1));
  }
  return h;
}

struct fields {
  u32 a : 3;
  u32 b : 7;
  s32 c : 11;
  u32 d : 11;
  u64 e : 33;
  s64 f : 20;
  u64 g : 11;
  u8 h : 1;
  u8 i : 6;
};

static NOINLINE void change_fields(struct fields *f, u64 value) {
  f->a += (u32)value;
  f->b ^= (u32)(value >> 3);
  f->c -= (s32)(value >> 9) & 0x3ff;
  f->d = (u32)(f->d * 5 + value);
  f->e = f->e << 1 | (value & 1);
  f->f = (s64)(f->f ^ (s64)(value >> 11 & 0x3ffff));
  f->g++;
  f->h = (u8)(f->h ^ 1);
  f->i = (u8)(f->i + f->a);
}

static u64 bit_fields(u64 seed) {
  struct fields f = {0};
  u64 s = seed, h = 0;
  for (int i = 0; i < 20; i++) {
    change_fields(&f, next(&s));
    h = mix(h, f.a + f.b + (u64)f.c + f.d + f.e + (u64)f.f + f.g + f.h + f.i);
  }
  return h;
}

/* --- structures --- */

struct small { u32 x; u16 y; u8 z; };
struct pair { u64 a, b; };
struct large { u64 v[9]; u32 w; u8 t[5]; };

static NOINLINE struct small small_by_value(struct small p, struct small q) {
  struct small r = {p.x + q.x, (u16)(p.y * q.y), (u8)(p.z - q.z)};
  return r;
}

static NOINLINE struct pair pair_by_value(struct pair p, u64 k) {
  struct pair r = {p.b + k, p.a ^ k};
  return r;
}

static NOINLINE struct large large_by_value(struct large p, int depth) {
  struct large q = p;
  q.v[depth % 9] += p.v[(depth + 1) % 9] + p.w;
  q.t[depth % 5] ^= (u8)depth;
  q.w = p.w * 3 + (u32)depth;
  return depth <= 0 ? q : large_by_value(q, depth - 1);
}

static u64 structures(u64 seed) {
  u64 s = seed, h = seed;
  u64 first = next(&s), second = next(&s);
  struct small a = {(u32)first, (u16)s, (u8)(s >> 16)};
  struct pair p = {first, second};
  struct large l;
  memset(&l, (int)(seed & 0xff), sizeof l);
  for (int i = 0; i < 9; i++) l.v[i] = next(&s);
  for (int i = 0; i < 6; i++) {
    a = small_by_value(a, (struct small){(u32)i, (u16)(s >> 7), (u8)i});
    p = pair_by_value(p, a.x + a.y + a.z);
    l.v[i] ^= p.a;
  }
  struct large m = large_by_value(l, 11);
  struct large copies[3] = {l, m, l};
  copies[2] = copies[1];
  for (int i = 0; i < 9; i++) h = mix(h, copies[0].v[i] + copies[1].v[i] * 3 + copies[2].v[8 - i]);
  return mix(h, m.w + m.t[0] + m.t[4] + p.b);
}

/* --- varargs, function pointers --- */

static NOINLINE u64 sum_of(int count, ...) {
  __builtin_va_list list;
  __builtin_va_start(list, count);
  u64 h = (u64)count;
  for (int i = 0; i < count; i++) {
    if (i % 3 == 0) h = mix(h, __builtin_va_arg(list, u64));
    else if (i % 3 == 1) h = mix(h, (u64)__builtin_va_arg(list, int));
    else {
      struct pair p = __builtin_va_arg(list, struct pair);
      h = mix(h, p.a - p.b);
    }
  }
  __builtin_va_end(list);
  return h;
}

static u64 varargs(u64 seed) {
  struct pair p = {seed, ~seed}, q = {seed >> 3, 5};
  u64 h = sum_of(1, seed);
  h = mix(h, sum_of(3, seed, (int)seed, p));
  return mix(h, sum_of(9, h, -1, q, seed * 3, (int)(seed >> 32), p, h >> 1, 7, q));
}

typedef u64 operation(u64, u64);
static u64 op_add(u64 a, u64 b) { return a + b; }
static u64 op_sub(u64 a, u64 b) { return a - b; }
static u64 op_rotate(u64 a, u64 b) { return a << (b & 63) | a >> (-b & 63); }
static u64 op_max(u64 a, u64 b) { return a > b ? a : b; }
static u64 op_min(u64 a, u64 b) { return (s64)a < (s64)b ? a : b; }
static operation *const operations[] = {op_add, op_sub, op_rotate, op_max, op_min};
static operation *volatile current = op_add;

static NOINLINE u64 apply(operation *f, u64 a, u64 b, u64 c, u64 d, u64 e, u64 g, u64 h, u64 i) {
  return f(f(f(f(a, b), f(c, d)), f(e, g)), f(h, i));
}

static u64 function_pointers(u64 seed) {
  u64 s = seed, h = seed;
  for (int i = 0; i < 10; i++) {
    current = operations[next(&s) % 5];
    h = mix(h, current(h, s));
    h = mix(h, apply(operations[s % 5], h, 2, s, 4, ~s, 6, 7, s >> 9));
  }
  return h;
}

/* --- memory --- */

static u64 buffers(u64 seed) {
  u8 a[80], b[80];
  u64 s = seed, h = seed;
  for (unsigned i = 0; i < sizeof a; i++) {
    a[i] = (u8)next(&s);
    b[i] = (u8)i;
  }
  for (int i = 0; i < 6; i++) {
    unsigned at = (unsigned)(next(&s) % 40);
    unsigned to = (unsigned)(s >> 8) % 40, size = (unsigned)(s >> 16) % 40;
    memmove(a + to, a + at, size);
    memcpy(b + at, a + to, size);
    h = mix(h, (u64)memcmp(a + at, b + at, size));
    memset(a + (at ^ 1), (int)i, size & 15);
  }
  for (unsigned i = 0; i < sizeof a; i++) h = mix(h, a[i] * 3u + b[i]);
  return h;
}

static u64 strings(u64 seed) {
  static const char words[] = "alpha\0beta\0gamma\0delta\0an epsilon of some length\0";
  char text[96];
  unsigned length = 0;
  for (u64 n = seed; n != 0 && length < 20; n /= 10) text[length++] = (char)('0' + n % 10);
  for (const char *p = words + (seed & 7); p < words + sizeof words - 1; p++)
    if (length < 95) text[length++] = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p ? *p : ' ';
  text[length] = 0;
  for (unsigned i = 0, j = length - 1; i < j; i++, j--) {
    char c = text[i];
    text[i] = text[j];
    text[j] = c;
  }
  u64 h = 0, number = 0;
  for (const char *p = text; *p; p++) {
    h = mix(h, (u64)(s64)(s8)*p);
    if (*p >= '0' && *p <= '9') number = number * 10 + (u64)(*p - '0');
  }
  return mix(h, number);
}

static NOINLINE u64 on_stack(u64 seed, unsigned size) {
  u32 variable[size];
  u8 *more = __builtin_alloca(size + 3);
  for (unsigned i = 0; i < size; i++) {
    variable[i] = (u32)(seed >> (i & 31)) * i;
    more[i] = (u8)(variable[i] >> 3);
  }
  u64 h = size;
  for (unsigned i = 0; i < size; i++) h = mix(h, variable[size - 1 - i] + more[i]);
  return size > 4 ? mix(h, on_stack(h, size / 2)) : h;
}

static u64 variable_arrays(u64 seed) { return on_stack(seed, 1 + (unsigned)(seed & 31)); }

static u64 sorting(u64 seed) {
  s32 v[24];
  u64 s = seed, h = 0;
  for (int i = 0; i < 24; i++) {
    v[i] = (s32)next(&s);
    v[i] >>= s & 15;
  }
  for (int i = 1; i < 24; i++) {
    s32 x = v[i];
    int j = i - 1;
    for (; j >= 0 && v[j] > x; j--) v[j + 1] = v[j];
    v[j + 1] = x;
  }
  for (int i = 0; i < 24; i++) h = mix(h, (u64)(s64)v[i]);
  return h;
}

struct node { struct node *left, *right; u32 key; u16 depth; };

static u64 trees(u64 seed) {
  struct node nodes[20], *root = 0;
  u64 s = seed, h = 0;
  for (int i = 0; i < 20; i++) {
    struct node *n = &nodes[i], **at = &root;
    *n = (struct node){0, 0, (u32)next(&s) % 64, 0};
    while (*at) {
      n->depth++;
      at = n->key < (*at)->key ? &(*at)->left : &(*at)->right;
    }
    *at = n;
  }
  struct node *stack[20];
  int top = 0;
  for (struct node *n = root; n || top > 0;) {
    while (n) stack[top++] = n, n = n->left;
    n = stack[--top];
    h = mix(h, n->key + n->depth * 100u);
    n = n->right;
  }
  return h;
}

/* Loops that a compiler may turn into vector instructions, over integers. */
static u64 loops(u64 seed) {
  u32 a[32], b[32];
  u16 c[32];
  u8 d[32];
  for (int i = 0; i < 32; i++) a[i] = (u32)(seed >> (i & 15)) + (u32)i;
  for (int i = 0; i < 32; i++) b[i] = a[i] * 7 + 3;
  for (int i = 0; i < 32; i++) c[i] = (u16)(a[i] ^ b[31 - i]);
  for (int i = 0; i < 32; i++) d[i] = (u8)(c[i] > 0x7fff ? c[i] >> 8 : (u8)c[i] + 1);
  u32 sum = 0, most = 0;
  u64 total = 0;
  for (int i = 0; i < 32; i++) {
    sum += b[i] & 0xff00ff;
    most = b[i] > most ? b[i] : most;
    total += d[i] + (u64)(s64)(s16)c[i];
  }
  return mix(mix(sum, most), total);
}

static u64 widths(u64 seed) {
  volatile s8 a = (s8)seed;
  volatile s16 b = (s16)(seed >> 8);
  volatile s32 c = (s32)(seed >> 24);
  volatile u8 d = (u8)(seed >> 3);
  volatile u16 e = (u16)(seed >> 13);
  volatile u32 f = (u32)(seed >> 29);
  u64 h = 0;
  for (int i = 0; i < 6; i++) {
    a = (s8)(a + d);
    b = (s16)(b * 3 - a);
    c = (s32)((u32)c + ((u32)b << 4));
    d = (u8)(d << 1 | d >> 7);
    e = (u16)(e - d);
    f = f ^ (u32)c;
    h = mix(h, (u64)(s64)a + (u64)(s64)b + (u64)(s64)c + d + e + f);
    h = mix(h, (u64)((a < b) + 2 * (c < a) + 4 * (d < e) + 8 * ((s32)f < c) + 16 * (f > e)));
  }
  return h;
}

/* --- atomics --- */

static u8 shared8;
static u16 shared16;
static u32 shared32;
static u64 shared64;
static u128 __attribute__((aligned(16))) shared128;

static u64 atomics(u64 seed) {
  u64 s = seed, h = seed;
  shared8 = (u8)s;
  shared16 = (u16)s;
  shared32 = (u32)s;
  shared64 = s;
  for (int i = 0; i < 8; i++) {
    u64 v = next(&s);
    h = mix(h, __atomic_fetch_add(&shared64, v, __ATOMIC_SEQ_CST));
    h = mix(h, __atomic_fetch_sub(&shared8, (u8)v, __ATOMIC_SEQ_CST));
    h = mix(h, __atomic_exchange_n(&shared32, (u32)v, __ATOMIC_ACQ_REL));
    h = mix(h, __atomic_fetch_or(&shared16, (u16)(v >> 5), __ATOMIC_RELAXED));
    h = mix(h, __atomic_and_fetch(&shared16, (u16)(v >> 9), __ATOMIC_RELAXED));
    u64 done, expected = v & 1 ? shared64 : v;
    done = __atomic_compare_exchange_n(&shared64, &expected, v * 3, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    h = mix(h, done + expected);
    u32 expected32 = v & 2 ? shared32 : 1;
    done = __atomic_compare_exchange_n(&shared32, &expected32, (u32)v + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    h = mix(h, done + expected32);
    u8 expected8 = v & 4 ? shared8 : 1;
    done = __atomic_compare_exchange_n(&shared8, &expected8, (u8)(v >> 3), 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    h = mix(h, done + expected8);
    __atomic_store_n(&shared32, shared32 ^ 0x55, __ATOMIC_SEQ_CST);
    h = mix(h, __atomic_xor_fetch(&shared64, v, __ATOMIC_SEQ_CST) + __atomic_load_n(&shared32, __ATOMIC_ACQUIRE));
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    h = mix(h, (u64)(__atomic_sub_fetch(&shared64, 1, __ATOMIC_SEQ_CST) == 0) + (u64)(__atomic_add_fetch(&shared32, 1, __ATOMIC_SEQ_CST) >> 31));
#ifdef __GCC_HAVE_SYNC_COMPARE_AND_SWAP_16
    u128 old = shared128;
    u128 got = __sync_val_compare_and_swap(&shared128, v & 8 ? old : (u128)v, old + ((u128)v << 40) + 1);
    h = mix(h, (u64)got + (u64)(got >> 64) + (u64)(shared128 >> 64));
#endif
  }
  shared128 = 0;
  return mix(h, shared64 + shared32 + shared16 + shared8);
}

static u64 (*const functions[])(u64) = {
    recursion, switches, wide,      high_parts, division,        bits,    bit_fields, structures, varargs,
    function_pointers, buffers, strings, variable_arrays, sorting, trees, loops, widths, atomics,
};

const u64 torture_count = sizeof functions / sizeof functions[0];

u64 torture(u64 seed, u64 which) { return functions[which](seed); }
