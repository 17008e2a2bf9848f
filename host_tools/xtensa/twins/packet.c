#include <stdint.h>

int32_t packet_parse(const uint8_t *buf, int32_t n, int32_t *info)
{
    if (n < 12 || buf[0] >> 6 != 2)
        return -1;
    int32_t offset = 12 + ((buf[0] & 15) << 2);
    if (buf[0] & 16) {
        if (n < offset + 4)
            return -1;
        offset += 4 + ((buf[offset + 2] << 8 | buf[offset + 3]) << 2);
    }
    int32_t padding = 0;
    if (buf[0] & 32) {
        padding = buf[n - 1];
        if (padding == 0)
            return -1;
    }
    int32_t length = n - offset - padding;
    if (length < 0)
        return -1;
    info[0] = buf[1] & 127;
    info[1] = buf[1] >> 7;
    info[2] = buf[2] << 8 | buf[3];
    info[3] = (buf[4] & 15) << 24 | buf[5] << 16 | buf[6] << 8 | buf[7];
    info[4] = length;
    info[5] = buf[8] << 8 | buf[9];
    info[6] = buf[10] << 8 | buf[11];
    return offset;
}

static int32_t get16(const uint8_t *at)
{
    return at[0] << 8 | at[1];
}

static void put16(uint8_t *at, int32_t value)
{
    at[0] = value >> 8;
    at[1] = value;
}

void packet_advance(uint8_t *packet, int32_t samples, int32_t marker)
{
    int32_t low = get16(packet + 6) + samples;
    put16(packet + 6, low);
    put16(packet + 4, get16(packet + 4) + (low >> 16));
    if (marker >= 0) {
        put16(packet + 2, get16(packet + 2) + 1);
        packet[1] = (packet[1] & 127) | marker << 7;
    }
}

void packet_share(uint8_t *packet, uint8_t *other, int32_t anew)
{
    int32_t seq = get16(packet + 2) + 1;
    put16(packet + 2, seq);
    put16(other + 2, seq);
    other[1] &= 127;
    if (anew) {
        other[1] |= 128;
        other[0] = 0x80;
        for (int32_t i = 4; i < 12; i++)
            other[i] = packet[i];
    }
}
