/* A rung of the ladder: the same job as fast as one thread of C does it. ring_simd PATH [SIGNALS]
   Separators are found 32 bytes at a time (16 without AVX2), digits read eight at a time. It knows only what plain
   candles have, and refuses the rest: another number of fields, a missing or a signed close, more than eight digits on
   one side of the point. Exact: int64 ticks, rescaled when a close has more decimals. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <immintrin.h>

enum { WINDOW = 5, BLOCK = 1 << 18, MARGIN = 64 };
static const int64_t POWERS[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

static int64_t ring[WINDOW], total, rows, count;
static int slot, places, column = -1, columns;
static FILE *signals;

static void refuse(const char *what)
{
    fprintf(stderr, "ring_simd: row %lld: %s\n", (long long)rows + 1, what);
    exit(1);
}

/* The separators among the next bytes, a bit for each: commas and newlines. */
#ifdef __AVX2__
enum { STEP = 32 };
static uint32_t separators(const char *at)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)at);
    __m256i found = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(',')),
                                    _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\n')));
    return (uint32_t)_mm256_movemask_epi8(found);
}
#else
enum { STEP = 16 };
static uint32_t separators(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')));
    return (uint32_t)_mm_movemask_epi8(found);
}
#endif

/* The number of at most eight digits that ends here. The bytes before it are shifted out. */
static int64_t digits(const char *end, long length)
{
    uint64_t word;
    if (length == 0)
        return 0;
    if (length > 8)
        refuse("too many digits");
    memcpy(&word, end - 8, 8);
    word = (word ^ 0x3030303030303030) >> (64 - 8 * length) << (64 - 8 * length);
    if (((word + 0x7676767676767676) | word) & 0x8080808080808080)
        refuse("not a plain number");
    word = (word * 10 + (word >> 8)) & 0x00FF00FF00FF00FF;
    word = (word * 100 + (word >> 16)) & 0x0000FFFF0000FFFF;
    return (int64_t)((word * 10000 + (word >> 32)) & 0xFFFFFFFF);
}

static void push(const char *begin, const char *end)
{
    const char *point = memchr(begin, '.', (size_t)(end - begin));
    long decimals = point ? end - point - 1 : 0;
    if (begin == end || end - begin - (point != NULL) == 0)
        refuse("a missing close");
    if (decimals > 8)
        refuse("too many digits");
    while (places < decimals) { /* the window has the scale of the most decimals so far */
        for (int at = 0; at < WINDOW; at++)
            ring[at] *= 10;
        total *= 10;
        places++;
    }
    int64_t whole = digits(point ? point : end, (point ? point : end) - begin);
    int64_t ticks = whole * POWERS[places] + digits(end, decimals) * POWERS[places - decimals];
    total += ticks - ring[slot];
    ring[slot] = ticks;
    slot = slot == WINDOW - 1 ? 0 : slot + 1;
    int signal = ++rows >= WINDOW && ticks * WINDOW > total;
    count += signal;
    if (signals)
        fputc('0' + signal, signals);
}

/* Find the column by its name; return where the header ends. */
static const char *header(const char *at, const char *end)
{
    for (const char *begin = at; at < end; at++) {
        if (*at != ',' && *at != '\n')
            continue;
        if (at - begin == 5 && strncasecmp(begin, "close", 5) == 0)
            column = columns;
        columns++;
        begin = at + 1;
        if (*at == '\n')
            break;
    }
    if (column < 0)
        refuse("no column close");
    return at + 1;
}

int main(int argc, char **argv)
{
    static char buffer[MARGIN + 2 * BLOCK + MARGIN];
    char *data = buffer + MARGIN; /* digits() looks back, separators() ahead */
    long kept = 0, size;
    int field = 0, descriptor = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    if (descriptor < 0)
        return 2;
    signals = argc > 2 ? fopen(argv[2], "wb") : NULL;
    while ((size = read(descriptor, data + kept, BLOCK)) > 0) {
        const char *at = data, *end = data + kept + size, *begin;
        while (end > data && end[-1] != '\n') /* only whole lines */
            end--;
        if (column < 0)
            at = header(at, end);
        begin = at;
        for (; at < end; at += STEP)
            for (uint32_t found = separators(at); found; found &= found - 1) {
                const char *here = at + __builtin_ctz(found);
                if (here >= end)
                    break;
                if (field == column)
                    push(begin, here);
                begin = here + 1;
                field++;
                if (*here == '\n') {
                    if (field != columns)
                        refuse("another number of fields");
                    field = 0;
                }
            }
        kept = data + kept + size - end;
        if (kept > BLOCK)
            refuse("too long");
        memmove(data, end, (size_t)kept);
    }
    if (kept || size < 0 || (signals && fclose(signals) != 0))
        refuse("not read to the end");
    printf("%lld %lld\n", (long long)rows, (long long)count);
    return 0;
}
