/** The platform's version cookie: `<candidate's slot>.<lane>.<number of the visitor>`. */
export const laneCookie = 'cutover_lane';
