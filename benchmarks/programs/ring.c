/* The yardstick: one thread, the file mapped, one loop over its bytes, exact int64 ticks. ring PATH [SIGNALS]
   It checks nothing, and takes every close to have the same number of decimals: what a machine can do, not what a
   program should. Its peak memory is mostly the pages of the mapped file. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COLUMN = 4, WINDOW = 5 };

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    int descriptor = open(argv[1], O_RDONLY);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) != 0)
        return 1;
    const char *at = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (at == MAP_FAILED)
        return 1;
    const char *end = at + status.st_size;
    FILE *signals = argc > 2 ? fopen(argv[2], "wb") : NULL;
    int64_t ring[WINDOW] = {0}, total = 0, rows = 0, count = 0;
    int slot = 0;
    while (at < end && *at++ != '\n') /* the header */
        ;
    while (at < end) {
        for (int commas = 0; commas < COLUMN; commas += *at++ == ',')
            ;
        int64_t ticks = 0;
        for (; *at != ','; at++)
            if (*at != '.')
                ticks = ticks * 10 + (*at - '0');
        while (at < end && *at++ != '\n')
            ;
        total += ticks - ring[slot];
        ring[slot] = ticks;
        slot = slot == WINDOW - 1 ? 0 : slot + 1;
        rows++;
        int signal = rows >= WINDOW && ticks * WINDOW > total;
        count += signal;
        if (signals)
            fputc('0' + signal, signals);
    }
    if (signals && fclose(signals) != 0)
        return 1;
    printf("%lld %lld\n", (long long)rows, (long long)count);
    return 0;
}
