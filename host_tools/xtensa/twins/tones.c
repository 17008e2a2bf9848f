#include <stdint.h>

void tones__add_sines(int32_t v, int32_t a, int16_t *pcm, int32_t i, int32_t end, const int16_t *sine, int32_t *phases, const int32_t *row, int32_t at)
{
    row += at + 2;
    for (int32_t k = 0; k < 2 && row[1]; k++) {
        a = phases[0];
        int32_t b = phases[1];
        for (int32_t n = i; n < end; n++) {
            v = pcm[n] + ((sine[a >> 16] * row[1] + sine[b >> 16] * row[3] + 0x4000) >> 15);
            pcm[n] = v < -32768 ? -32768 : v > 32767 ? 32767 : v;
            a = (a + row[0]) & 0xFFFFFF;
            b = (b + row[2]) & 0xFFFFFF;
        }
        phases[0] = a;
        phases[1] = b;
        phases += 2;
        row += 4;
    }
}
