#include <stdint.h>

int32_t level_peak(const int16_t *pcm, int32_t n)
{
    int32_t highest = 0;
    for (int32_t i = 0; i < n; i++) {
        int32_t v = pcm[i] < 0 ? -pcm[i] : pcm[i];
        if (v > highest)
            highest = v;
    }
    return highest;
}

/* log2 of v, 1 … 2^31 − 1, in 1/256. */
static int32_t log2_256(int32_t v)
{
    int32_t log = 14 << 8;
    while (v > 0x7FFF) {
        v >>= 1;
        log += 1 << 8;
    }
    while (v < 0x4000) {
        v <<= 1;
        log -= 1 << 8;
    }
    for (int32_t bit = 128; bit; bit >>= 1) {
        v = (v * v) >> 14;
        if (v > 0x7FFF) {
            v >>= 1;
            log += bit;
        }
    }
    return log;
}

int32_t level_level_dbm0(const int16_t *pcm, int32_t n)
{
    int32_t high = 0, low = 0;
    for (int32_t i = 0; i < n; i++) {
        int32_t square = pcm[i] * pcm[i];
        high += square >> 8;
        low += square & 0xFF;
    }
    high += low >> 8;
    int32_t log;
    if (high >= 0x400000)
        log = (8 << 8) + log2_256(high);
    else {
        int32_t sum = (high << 8) + (low & 0xFF);
        if (sum == 0)
            return -1270;
        log = log2_256(sum);
    }
    log -= log2_256(n);
    return (log * 7706 - 55154442 + 0x8000) >> 16;
}
