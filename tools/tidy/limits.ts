export const limits = {
  codeLinesMax: 400,
  testLinesMax: 500,
  functionLinesMax: 70,
  columnsMax: 110,
};
