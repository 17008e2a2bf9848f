#include <stdint.h>

int32_t tones__add_sine_wave(int32_t phase, int16_t *pcm, const int16_t *sine, int32_t i, int32_t end, int32_t step, int32_t amplitude)
{
    for (; i < end; i++) {
        int32_t v = pcm[i] + ((sine[phase >> 16] * amplitude + 0x4000) >> 15);
        pcm[i] = v < -32768 ? -32768 : v > 32767 ? 32767 : v;
        phase = (phase + step) & 0xFFFFFF;
    }
    return phase;
}
