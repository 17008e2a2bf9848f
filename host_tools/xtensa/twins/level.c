#include <stdint.h>

int32_t level_peak(const int16_t *pcm, int32_t p)
{
    int32_t n = p;
    int32_t highest = 0;
    for (int32_t i = 0; i < n; i++) {
        int32_t magnitude = pcm[i] < 0 ? -pcm[i] : pcm[i];
        if (magnitude > highest)
            highest = magnitude;
    }
    return highest;
}

int32_t level_level_dbm0(const int16_t *pcm, int32_t v)
{
    int32_t n = v;
    int32_t high = 0, low = 0;
    for (int32_t i = 0; i < n; i++) {
        int32_t square = pcm[i] * pcm[i];
        high += square >> 8;
        low += square & 0xFF;
    }
    high += low >> 8;
    int32_t log = 14 << 8, mean = (high << 8) + (low & 0xFF);
    if (high >= 0x400000) {
        log = 22 << 8;
        mean = high;
    }
    if (mean == 0)
        return -1270;
    for (; mean < 0x8000000; mean <<= 1)
        log -= 256;
    mean /= n;
    for (; mean > 0x7FFF; mean >>= 1)
        log += 256;
    for (int32_t bit = 128; bit; bit >>= 1) {
        mean = (mean * mean) >> 14;
        if (mean > 0x7FFF) {
            mean >>= 1;
            log += bit;
        }
    }
    return (log * 7706 - 55154442 + 0x8000) >> 16;
}
