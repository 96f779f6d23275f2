/* Parts of kernels for cores without DSP that some layers need and others do not. In an image's copy of this
   file those that none of its layers needs are 0, and are not compiled. */
#ifndef QMCU_USES_SCALAR_H
#define QMCU_USES_SCALAR_H

/* pixels_scalar: packed windows, others, of these those three wide of pixels beside each other; multipliers
   of 1/2 and more; limits inside int8. */
#define QMCU_USES_PACKED 1
#define QMCU_USES_DIRECT 1
#define QMCU_USES_ADJACENT 1
#define QMCU_USES_LARGE_MULTIPLIERS 1
#define QMCU_USES_NARROW_LIMITS 1

/* conv_2d_scalar: several groups, windows with holes. */
#define QMCU_USES_GROUPS 1
#define QMCU_USES_DILATION 1

/* depthwise_scalar: several filters a channel, windows with holes. */
#define QMCU_USES_DEPTH_MULTIPLIER 1
#define QMCU_USES_DEPTHWISE_DILATION 1

#endif
