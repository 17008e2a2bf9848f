#include <stdint.h>

static int32_t clip(int32_t v)
{
    return v < -32768 ? -32768 : v > 32767 ? 32767 : v;
}

void gain_gain(int16_t *pcm, int32_t v, int32_t n, int32_t q12)
{
    (void)v;
    for (int32_t i = 0; i < n; i++)
        pcm[i] = clip((pcm[i] * q12 + 2048) >> 12);
}
